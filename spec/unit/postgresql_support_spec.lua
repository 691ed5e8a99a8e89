---The clusters that database specs stand on.
local databases = require "support.databases"
local postgresql = require "support.postgresql"

describe("a database for specs", function()
  databases.for_each(function(vendor, create)
    it("is empty, and no other spec's, on " .. vendor, function()
      local one, other = create(), create()
      one:query "CREATE TABLE t (a integer)"
      one:query "INSERT INTO t VALUES (1), (2)"
      assert.equal("1\n2", one:query "SELECT a FROM t ORDER BY a")
      assert.has_error(function() other:query "SELECT a FROM t" end)
      one:drop()
      other:drop()
    end)
  end)
end)

describe("a private PostgreSQL cluster", function()
  local cluster
  setup(function() cluster = postgresql.cluster { max_connections = 12 } end)
  teardown(function()
    cluster:remove()
    assert.is_nil(io.open(cluster.folder .. "/log"))
  end)

  it("takes settings, and keeps what it knows when it is killed and started again", function()
    assert.equal("12", cluster:psql "SHOW max_connections")
    local _, name = cluster:create_database()
    cluster:psql("CREATE TABLE t (a integer)", name)
    cluster:restart "kill"
    assert.equal("0", cluster:psql("SELECT count(*) FROM t", name))
    cluster:restart "immediate"
    assert.same({}, cluster:activity(name))
    cluster:wait_until_quiet(name)
  end)

  it("refuses a wrong password", function()
    assert.has_error(function() cluster:psql("SELECT 1", "postgres", "with_password:wrong") end)
    assert.equal("1", cluster:psql("SELECT 1", "postgres", "with_password:right"))
  end)
end)
