---Turns a recorded queryset case (spec/golden/querysets) into calls of the framework's own API, and the answer into what the case holds. Used inside the
---binary by spec/apps/querysets, and by unit specs.
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local expressions = require "tidewire.expressions"
local json = require "tidewire.json"

local F, Q = expressions.F, expressions.Q
local null = json.null

---@param M table<string, tidewire.Model> the recorded models by name
return function(M)
  local runner = {}

  -- ---- values of a case ----

  local function is_null(value) return value == nil or value == null end

  local expression, value_of

  local function each(table_of, fn)
    local result = {}
    for key, value in pairs(table_of) do result[key] = fn(value) end
    return result
  end

  local function lookups(given) return each(given, value_of) end

  local OPERATORS = {
    ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end,
    ["/"] = function(a, b) return a / b end, ["%"] = function(a, b) return a % b end, ["^"] = function(a, b) return a ^ b end,
    ["**"] = function(a, b) return a ^ b end,
  }

  local function aggregate(kind)
    return function(given, all)
      local options = { distinct = all.distinct or nil, filter = all.filter and Q(lookups(all.filter)) }
      return kind(type(given) == "table" and expression(given) or given, options)
    end
  end

  ---Arguments of functions: a bare text is a value beside F objects, the name of a field alone.
  local function arguments(list)
    local result = {}
    for i, item in ipairs(list) do result[i] = type(item) == "table" and expression(item) or expressions.Value(item) end
    return unpack(result)
  end

  local function named(kind)
    return function(given) return kind(type(given) == "table" and expression(given) or given) end
  end

  local EXPRESSIONS = {
    ["$f"] = function(name) return F(name) end,
    ["$outer"] = function(name) return expressions.OuterRef(name) end,
    ["$expr"] = function(given) return OPERATORS[given[1]](value_of(given[2]), value_of(given[3])) end,
    ["$count"] = aggregate(expressions.Count), ["$sum"] = aggregate(expressions.Sum), ["$avg"] = aggregate(expressions.Avg),
    ["$min"] = aggregate(expressions.Min), ["$max"] = aggregate(expressions.Max),
    ["$lower"] = named(expressions.Lower), ["$upper"] = named(expressions.Upper), ["$length"] = named(expressions.Length),
    ["$extract_year"] = named(expressions.ExtractYear),
    ["$concat"] = function(list) return expressions.Concat(arguments(list)) end,
    ["$coalesce"] = function(list) return expressions.Coalesce(arguments(list)) end,
    ["$exists"] = function(query) return expressions.Exists(runner.queryset(query)) end,
    ["$subquery"] = function(query) return expressions.Subquery(runner.queryset(query)) end,
    ["$case"] = function(given)
      local parts = {}
      for i, when in ipairs(given.when) do
        local result = when[2]
        parts[i] = expressions.When(Q(lookups(when[1])), type(result) == "table" and expression(result) or expressions.Value(result))
      end
      local default = given.default
      if not is_null(default) then
        parts[#parts + 1] = { default = type(default) == "table" and expression(default) or expressions.Value(default) }
      end
      return expressions.Case(unpack(parts))
    end,
  }

  local VALUES = {
    ["$date"] = datetime.parse_date, ["$datetime"] = datetime.parse_datetime, ["$time"] = datetime.parse_time, ["$decimal"] = decimal.Decimal,
    ["$row"] = function(given) return M[given[1]].objects:get { pk = given[2] } end,
    ["$query"] = function(given) return runner.queryset(given) end,
  }

  function expression(given)
    if type(given) ~= "table" then return given end
    for key, make in pairs(EXPRESSIONS) do
      if given[key] ~= nil then return make(given[key], given) end
    end
    return value_of(given)
  end

  function value_of(given)
    if type(given) ~= "table" then return given end
    for key, make in pairs(VALUES) do
      if given[key] ~= nil then return make(given[key]) end
    end
    for key in pairs(given) do
      if type(key) == "string" and key:sub(1, 1) == "$" then return expression(given) end
    end
    return each(given, value_of)
  end

  local function tree(given)
    if given["and"] then return #given["and"] == 0 and Q() or Q.AND(unpack(each(given["and"], tree))) end
    if given["or"] then return #given["or"] == 0 and Q() or Q.OR(unpack(each(given["or"], tree))) end
    if given["not"] then return -tree(given["not"]) end
    return Q(lookups(given))
  end

  local function names_or_expressions(...)
    local result = { ... }
    for i, item in ipairs(result) do
      if type(item) == "table" then result[i] = expression(item) end
    end
    return unpack(result)
  end

  local function optional(value)
    if value == null then return nil end
    return value
  end

  local function objects(model, list)
    local made = {}
    for i, values in ipairs(list) do made[i] = model(lookups(values)) end
    return made
  end

  -- ---- steps: queryset in, queryset or { kind of answer, … } out ----

  local function answer(kind, ...) return { answer = kind, ... } end

  local STEPS = {
    filter = function(qs, given) return qs:filter(lookups(given)) end,
    exclude = function(qs, given) return qs:exclude(lookups(given)) end,
    filter_q = function(qs, given) return qs:filter(tree(given)) end,
    exclude_q = function(qs, given) return qs:exclude(tree(given)) end,
    order_by = function(qs, ...) return qs:order_by(names_or_expressions(...)) end,
    order_by_desc_nulls_last = function(qs, name) return qs:order_by(F(name):desc { nulls_last = true }) end,
    order_by_desc_nulls_first = function(qs, name) return qs:order_by(F(name):desc { nulls_first = true }) end,
    order_by_asc_nulls_last = function(qs, name) return qs:order_by(F(name):asc { nulls_last = true }) end,
    order_by_asc_nulls_first = function(qs, name) return qs:order_by(F(name):asc { nulls_first = true }) end,
    values = function(qs, ...) return qs:values(...) end,
    values_list = function(qs, ...) return qs:values_list(...) end,
    values_list_flat = function(qs, name) return qs:values_list(name, { flat = true }) end,
    slice = function(qs, from, to) return qs:slice(optional(from), optional(to)) end,
    index = function(qs, i) return answer("row", qs:at(i), qs) end,
    annotate = function(qs, given) return qs:annotate(each(given, expression)) end,
    alias = function(qs, given) return qs:alias(each(given, expression)) end,
    aggregate = function(qs, given) return answer("value", qs:aggregate(each(given, expression)), each(given, function() return true end)) end,
    distinct = function(qs, ...) return qs:distinct(...) end,
    reverse = function(qs) return qs:reverse() end,
    none = function(qs) return qs:none() end,
    all = function(qs) return qs:all() end,
    only = function(qs, ...) return qs:only(...) end,
    defer = function(qs, ...) return qs:defer(...) end,
    select_related = function(qs, ...) return qs:select_related(...) end,
    prefetch_related = function(qs, ...) return qs:prefetch_related(...) end,
    union = function(qs, ...) return qs:union(runner.querysets(...)) end,
    intersection = function(qs, ...) return qs:intersection(runner.querysets(...)) end,
    difference = function(qs, ...) return qs:difference(runner.querysets(...)) end,
    dates = function(qs, ...) return qs:dates(...) end,
    datetimes = function(qs, ...) return qs:datetimes(...) end,
    ["and"] = function(qs, other) return qs * runner.queryset(other) end,
    ["or"] = function(qs, other) return qs + runner.queryset(other) end,
    count = function(qs) return answer("value", qs:count()) end,
    exists = function(qs) return answer("value", qs:exists()) end,
    first = function(qs) return answer("row", qs:first() or null, qs) end,
    last = function(qs) return answer("row", qs:last() or null, qs) end,
    earliest = function(qs, ...) return answer("row", qs:earliest(...), qs) end,
    latest = function(qs, ...) return answer("row", qs:latest(...), qs) end,
    get = function(qs, given)
      if given then return answer("row", qs:get(lookups(given)), qs) end
      return answer("row", qs:get(), qs)
    end,
    in_bulk = function(qs, ids, name) return answer("bulk", qs:in_bulk(optional(ids), name and { field_name = name })) end,
    update = function(qs, given) return answer("value", qs:update(lookups(given))) end,
    delete = function(qs) return answer("deleted", qs:delete()) end,
    create = function(qs, given) return answer("row", qs:create(lookups(given))) end,
    get_or_create = function(qs, given, defaults) return answer("created", qs:get_or_create(lookups(given), lookups(defaults or {}))) end,
    update_or_create = function(qs, given, defaults) return answer("created", qs:update_or_create(lookups(given), lookups(defaults or {}))) end,
    bulk_create = function(qs, list, options)
      return answer("objects", qs:bulk_create(objects(qs.model, list), type(options) == "table" and options or nil))
    end,
    bulk_update = function(qs, given)
      local rows, names = { unpack(qs:list()) }, {}
      for name in pairs(given) do names[#names + 1] = name end
      table.sort(names)
      for _, row in ipairs(rows) do
        for name, value in pairs(lookups(given)) do row[name] = value end
      end
      return answer("value", qs.model.objects:bulk_update(rows, names))
    end,
  }

  ---@param case { model: string, q: any[][] }
  function runner.queryset(case)
    local qs = M[case.model].objects:all()
    for _, step in ipairs(case.q) do
      local run = STEPS[step[1]] or error("no such step: " .. tostring(step[1]), 0)
      qs = run(qs, unpack(step, 2))
    end
    return qs
  end

  function runner.querysets(...)
    local list = { ... }
    for i, given in ipairs(list) do list[i] = runner.queryset(given) end
    return unpack(list)
  end

  -- ---- answers ----

  local function plain(value)
    if is_null(value) then return null end
    if decimal.is(value) then return { ["$decimal"] = tostring(value) } end
    if datetime.is_datetime(value) then return { ["$datetime"] = (value:isoformat():gsub("%+00:00$", "Z")) } end
    if datetime.is_date(value) then return { ["$date"] = value:isoformat() } end
    if datetime.is_time(value) then return { ["$time"] = value:isoformat() } end
    if expressions.is_expression(value) then return tostring(value) end
    if type(value) == "table" and class.of(value) == nil then return each(value, plain) end
    return value
  end

  ---Rows of values_list() have their number of values as `n`.
  local function plain_list(row)
    local list = {}
    for i = 1, row.n do list[i] = plain(row[i]) end
    return json.array(list)
  end

  local function columns(object)
    local row = {}
    for _, field in ipairs(object._meta.concrete_fields) do row[field.attname] = plain(object[field.attname]) end
    return row
  end

  ---Rows with the related ones that a path names inside.
  local function nested(object, paths)
    local row = columns(object)
    for _, path in ipairs(paths) do
      local head, rest = path:match "^(.-)__(.*)$"
      head = head or path
      local below = rest and { rest } or {}
      local related = object[head]
      if related == nil then
        row[head] = null
      elseif class.is_instance(related, require "tidewire.queryset".Manager) then
        local list = {}
        for i, other in ipairs(related:all():list()) do list[i] = nested(other, below) end
        row[head] = json.array(list)
      else
        row[head] = nested(related, below)
      end
    end
    return row
  end

  ---What values() rows hold: NULL has no key in them.
  local function value_row(qs, row)
    local result = plain(row)
    for _, name in ipairs(qs.__fields or {}) do
      if result[name] == nil then result[name] = null end
    end
    if #(qs.__fields or {}) == 0 then
      for _, field in ipairs(qs.model._meta.concrete_fields) do
        if result[field.attname] == nil then result[field.attname] = null end
      end
    end
    for _, name in ipairs(qs.query:selected_annotations()) do
      if result[name] == nil then result[name] = null end
    end
    return result
  end

  local function rows_of(qs, paths)
    local result = {}
    if qs.__rows == "model" and paths then
      for i, object in ipairs(qs:list()) do result[i] = nested(object, paths) end
      return { rows = json.array(result) }
    end
    if qs.__rows == "model" then
      for i, object in ipairs(qs:list()) do result[i] = object.pk end
      return { pks = json.array(result) }
    end
    local form = qs.__rows
    for i, row in ipairs(qs:list()) do
      result[i] = form == "values" and value_row(qs, row) or form == "list" and plain_list(row) or plain(row)
    end
    return { rows = json.array(result) }
  end

  local function object_or_null(object)
    if is_null(object) then return null end
    if type(object) ~= "table" then return plain(object) end
    if class.of(object) == nil then return object.n and plain_list(object) or plain(object) end
    return object._meta and columns(object) or plain(object)
  end

  local ANSWERS = {
    value = function(result)
      local value = plain(result[1])
      if result[2] then
        for name in pairs(result[2]) do
          if value[name] == nil then value[name] = null end
        end
      end
      return { value = value }
    end,
    row = function(result)
      local row, qs = result[1], result[2]
      if qs and qs.__rows == "values" and row ~= null then return { row = value_row(qs, row) } end
      return { row = object_or_null(row) }
    end,
    created = function(result) return { row = columns(result[1]), created = result[2] } end,
    deleted = function(result)
      local per_model = json.object {}
      for label, count in pairs(result[2]) do per_model[label:match "[^.]+$"] = count end
      return { deleted = result[1], per_model = per_model }
    end,
    objects = function(result)
      local list = {}
      for i, object in ipairs(result[1]) do list[i] = columns(object) end
      return { objects = json.array(list) }
    end,
    bulk = function(result)
      local rows = json.object {}
      for key, object in pairs(result[1]) do rows[tostring(key)] = columns(object) end
      return { value = rows }
    end,
  }

  local function answer_of(case)
    local result = runner.queryset(case)
    if result.answer then return ANSWERS[result.answer](result) end
    return rows_of(result, case.nest)
  end

  local function class_name(err)
    local kind = class.of(err)
    if kind == exceptions.ModelValidationError then return "ValidationError" end -- the API has one of that name, too
    return kind and kind.name or type(err)
  end

  ---Run `fn`; how many statements it took, seen through tidewire.db. Only one at a time.
  local function counting(fn)
    local execute, n = db.execute, 0
    db.execute = function(...)
      n = n + 1
      return execute(...)
    end
    local ok, result = pcall(fn)
    db.execute = execute
    if not ok then error(result, 0) end
    return result, n
  end

  ---Python shows the error's arguments, the protected rows among them.
  local function protected_message(err)
    local rows = {}
    for _, row in ipairs(err.protected_objects) do rows[#rows + 1] = ("<%s: %s>"):format(row._meta.object_name, tostring(row)) end
    table.sort(rows)
    return ('("%s", {%s})'):format(err.message, table.concat(rows, ", "))
  end

  ---Run one case: its answer in the form of the case's `result`, or `raises` and `message`; `queries` when the case counts them.
  ---@async
  function runner.run(case)
    local ok, result, queries = pcall(counting, function() return answer_of(case) end)
    if not ok then
      if class.is_instance(result, exceptions.ProtectedError) then return { raises = "ProtectedError", message = protected_message(result) } end
      if class.of(result) == nil then error(result, 0) end
      return { raises = class_name(result), message = tostring(result) }
    end
    if case["then"] then result["then"] = answer_of(case["then"]) end
    if case.queries then result.queries = queries end
    return result
  end

  -- ---- data ----

  ---Put the recorded rows into empty tables. Their keys are 1, 2, …, as the database gives them: so the next one is free, too.
  ---@async
  function runner.load(data)
    for _, name in ipairs { "Author", "Tag", "Book", "Review", "Shelf" } do
      local rows = {}
      for i, values in ipairs(data.rows[name]) do
        local own = {}
        for key, value in pairs(values) do
          if key ~= "tags" and key ~= "id" then own[key] = value end
        end
        rows[i] = M[name](own)
      end
      M[name].objects:bulk_create(rows)
    end
    for _, values in ipairs(data.rows.Book) do
      local links = {}
      for i, tag in ipairs(values.tags) do links[i] = M.Book.tags.through { book_id = values.id, tag_id = tag } end
      M.Book.tags.through.objects:bulk_create(links)
    end
  end

  return runner
end
