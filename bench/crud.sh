# Sourced by bench/run: generic consumers and serializers, beside echo, pgbench and Debian's djangorestframework.

retrieve_item='{"action":"retrieve","request_id":$ID,"pk":$PK}'
list_items='{"action":"list","request_id":$ID}'
validations=100
validate_item='{"action":"validate","request_id":$ID,"repeat":'$validations',"data":{"name":"a","price":3}}'

per() { awk -v n="$1" '{ printf "%.2f\n", $1 / n }'; }

crud_postgresql() {
  local url=$1 ours peer
  load_items "$url"
  start_tidewire tidewire 0-"$(($(nproc) - 1))" "${PG_WORKERS:-0}" "$url"
  for _ in $(seq "$rounds"); do
    pgbench_tps "$url" >> "$work/crud.pgbench"
    measure_anywhere "$work/crud.pg" -u /ws/items/ -c 100 -p 1 -k "$good" -m "$retrieve_item"
  done
  stop tidewire
  ours=$(median < "$work/crud.pg.rate") peer=$(median < "$work/crud.pgbench")
  line "PostgreSQL retrieve, 100 connections, replies/s" "$ours" "pgbench -S, 8 clients" "$peer" "$(ratio "$ours" "$peer")" "at least 0.9"
}

crud_retrieve() {
  local ours echo
  load_items "sqlite:$1/retrieve.sqlite3"
  start_tidewire tidewire 0 1 "sqlite:$1/retrieve.sqlite3"
  for _ in $(seq "$rounds"); do
    measure tidewire "$work/crud.echo" -c 100 -p 1 -k "$good" -m "$echo_message"
    measure tidewire "$work/crud.retrieve" -u /ws/items/ -c 100 -p 1 -k "$good" -m "$retrieve_item"
  done
  stop tidewire
  ours=$(median < "$work/crud.retrieve") echo=$(median < "$work/crud.echo")
  line "SQLite retrieve, 100 connections, server CPU in µs" "$ours" "echo" "$echo" "$(ratio "$ours" "$echo")" "at most 3.0"
}

# A list of 100 items, and the validation of one, each beside rest_framework in a process of its own. Ours has the way from frame to frame in it.
crud_serializers() {
  local file=$1/list.sqlite3 ours peer
  load_items "sqlite:$file"
  sqlite3 "$file" "DELETE FROM bench_item WHERE id NOT IN (SELECT id FROM bench_item ORDER BY id LIMIT 100)"
  start_tidewire tidewire 0 1 "sqlite:$file"
  for _ in $(seq "$rounds"); do
    taskset -c 0 /usr/bin/python3 bench/peers/drf_list.py list "$file" 500 >> "$work/crud.drf_list"
    measure tidewire "$work/crud.list" -u /ws/items/ -c 8 -p 1 -k "$good" -m "$list_items"
    taskset -c 0 /usr/bin/python3 bench/peers/drf_list.py validate 5000 >> "$work/crud.drf_validate"
    measure tidewire "$work/crud.validate" -u /ws/items/ -c 1 -p 1 -k "$good" -m "$validate_item"
  done
  stop tidewire
  ours=$(median < "$work/crud.list") peer=$(median < "$work/crud.drf_list")
  line "SQLite list of 100 items, server CPU in µs" "$ours" "rest_framework" "$peer" "$(ratio "$ours" "$peer")" "at most 0.17"
  ours=$(per "$validations" < "$work/crud.validate" | median) peer=$(median < "$work/crud.drf_validate")
  line "validating an item, server CPU in µs" "$ours" "rest_framework" "$peer" "$(ratio "$ours" "$peer")" "at most 0.13"
}

# An app with a model, a serializer and a consumer in each of `count` files.
make_large_app() {
  local folder=$1 count=$2 i
  mkdir -p "$folder"
  for i in $(seq "$count"); do
    cat > "$folder/part$i.lua" <<LUA
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"
local models = require "tidewire.models"
local serializers = require "tidewire.serializers"
local Parent = $([ "$i" = 1 ] && echo nil || echo "require \"large.part$((i - 1))\".Thing$((i - 1))")
local Thing = models.Model:extend("Thing$i", {
  name = models.CharField { max_length = 100, unique = true },
  price = models.DecimalField { max_digits = 8, decimal_places = 2, default = "0.00" },
  count = models.IntegerField { default = 0 },
  note = models.TextField { blank = true, default = "" },
  created = models.DateTimeField { auto_now_add = true },
  active = models.BooleanField { default = true },
  parent = Parent and models.ForeignKey(Parent, { on_delete = models.CASCADE, null = true, related_name = "children" }) or nil,
})
local ThingSerializer = serializers.ModelSerializer:extend("Thing${i}Serializer", { Meta = { model = Thing, fields = "__all__" } })
local ThingConsumer = GenericConsumer:extend("Thing${i}Consumer", mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin,
  mixins.UpdateModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin, { queryset = Thing.objects, serializer_class = ThingSerializer })
return { Thing$i = Thing, ThingConsumer = ThingConsumer }
LUA
  done
  {
    echo 'local tidewire = require "tidewire"'
    echo 'local routes = {}'
    echo "for i = 1, $count do routes[i] = tidewire.websocket((\"/ws/%d/\"):format(i), require(\"large.part\" .. i).ThingConsumer) end"
    echo 'return tidewire.app { name = "large", routes = routes }'
  } > "$folder/app.lua"
}

# CPU milliseconds of `tidewire check` on an app
check_ms() {
  local TIMEFORMAT='%U %S'
  { time taskset -c 0 build/tidewire check "$1" > /dev/null; } 2>&1 | awk '{ printf "%.0f\n", ($1 + $2) * 1000 }'
}

crud_load() {
  make_large_app "$work/large" 30
  for _ in $(seq "$((rounds * 2))"); do check_ms "$work/large" >> "$work/crud.load"; done
  printf '%-58s %12s   (at most 100)\n' "loading 30 models, serializers and consumers, CPU in ms" "$(median < "$work/crud.load")"
}

bench_crud() {
  local folder cluster
  folder=$(disk_folder) cluster=$(mktemp -d /tmp/tidewire-bench-XXXXXX)
  on_exit+=("rm -rf $folder" "tools/postgresql remove $cluster")
  crud_load
  crud_retrieve "$folder"
  crud_serializers "$folder"
  crud_postgresql "postgresql://postgres@127.0.0.1:$(make_cluster "$cluster")/bench"
}
