# Sourced by bench/run: models and querysets, on PostgreSQL beside pgbench and on SQLite beside its C API.

get_item='{"action":"get_item","request_id":$ID,"pk":$PK}'
add_item='{"action":"add_item","request_id":$ID,"name":"item $ID","price":7}'
good='"response_status":20'
million=1000000

# A folder on a real disk: /tmp may be memory, where a durable write costs nothing.
disk_folder() { mktemp -d "$PWD/build/bench/db.XXXX"; }

# A cluster with PostgreSQL's own durability, and pgbench's tables of scale 1. Prints the port; the folder is in $1.
make_cluster() {
  local cluster_port
  cluster_port=$(tools/postgresql create "$1" FSYNC=on log_min_messages=fatal)
  psql -Xqc "CREATE DATABASE bench" "postgresql://postgres@127.0.0.1:$cluster_port/postgres"
  "$(pg_bin)/pgbench" -i -s 1 -q "postgresql://postgres@127.0.0.1:$cluster_port/bench" > "$work/pgbench.log" 2>&1
  echo "$cluster_port"
}

pg_bin() { ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1; }

pgbench_tps() { "$(pg_bin)/pgbench" -S -M prepared -c 8 -T "$seconds" "$1" 2> /dev/null | awk '/^tps/ { print int($3) }'; }

load_items() { build/tidewire loaddata apps/bench apps/bench/fixtures/items.jsonl --database "$1" > "$work/loaddata.log" 2>&1 || { cat "$work/loaddata.log" >&2; exit 1; }; }

line() { printf '%-58s %12s   %s %12s   ratio %s (%s)\n' "$@"; }

# get_item by 100 connections beside pgbench's eight, in turns. Both may use all cores.
bench_postgresql() {
  local url=$1
  load_items "$url"
  start_tidewire tidewire 0-"$(($(nproc) - 1))" "${PG_WORKERS:-0}" "$url"
  for _ in $(seq "$rounds"); do
    pgbench_tps "$url" >> "$work/figures.pgbench"
    measure_anywhere "$work/figures.get_item" -c 100 -p 1 -k "$good" -m "$get_item"
  done
  stop tidewire
  local ours peer
  ours=$(median < "$work/figures.get_item.rate") peer=$(median < "$work/figures.pgbench")
  line "PostgreSQL get_item, 100 connections, replies/s" "$ours" "pgbench -S, 8 clients" "$peer" "$(ratio "$ours" "$peer")" "at least 1.0"
}

# As measure, the load free to run on any core: here the wall time counts, and PostgreSQL's processes need a core, too.
measure_anywhere() {
  load() { build/bench/wsload -S "${pid[$1]}" -P "${port[$1]}" -d "$seconds" "${@:2}"; }
  measure tidewire "$@"
  load() { taskset -c 1 build/bench/wsload -S "${pid[$1]}" -P "${port[$1]}" -d "$seconds" "${@:2}"; }
}

bench_sqlite() {
  local folder=$1 ours echo one many
  load_items "sqlite:$folder/items.sqlite3"
  start_tidewire tidewire 0 1 "sqlite:$folder/items.sqlite3"
  for _ in $(seq "$rounds"); do
    measure tidewire "$work/figures.echo" -c 100 -p 1 -k "$good" -m "$echo_message"
    measure tidewire "$work/figures.get" -c 100 -p 1 -k "$good" -m "$get_item"
  done
  ours=$(median < "$work/figures.get") echo=$(median < "$work/figures.echo")
  line "SQLite get_item, 100 connections, server CPU in µs" "$ours" "echo" "$echo" "$(ratio "$ours" "$echo")" "at most 2.2"
  bench_rows "$folder/items.sqlite3"
  for _ in $(seq "$rounds"); do
    measure tidewire "$work/figures.one" -c 1 -p 1 -k "$good" -m "$add_item"
    measure tidewire "$work/figures.many" -c 100 -p 1 -k "$good" -m "$add_item"
  done
  stop tidewire
  one=$(median < "$work/figures.one.rate") many=$(median < "$work/figures.many.rate")
  line "SQLite add_item, 100 connections, durable writes/s" "$many" "1 connection" "$one" "$(ratio "$many" "$one")" "at least 10"
}

# 1,000 rows into Lua instances, 20 times a request, beside stepping over them in C.
bench_rows() {
  local repeat=20 ours c
  compiled bench/peers/sqlite_rows.c -lsqlite3
  for _ in $(seq "$rounds"); do
    taskset -c 0 build/bench/sqlite_rows "$1" "$((repeat * 50))" >> "$work/figures.c"
    measure tidewire "$work/figures.rows" -c 1 -p 1 -k "$good" -m '{"action":"list_items","request_id":$ID,"repeat":'"$repeat"'}'
  done
  ours=$(median < "$work/figures.rows" | awk -v n="$repeat" '{ printf "%.1f", $1 / n }') c=$(median < "$work/figures.c")
  line "SQLite queryset of 1,000 rows, server CPU in µs" "$ours" "the C API" "$c" "$(ratio "$ours" "$c")" "at most 4"
}

# ask JSON: one request to the server, its reply
ask() { LUA_PATH="spec/?.lua;;" luajit bench/ask.lua "127.0.0.1:${port[tidewire]}" "$1"; }

peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/${pid[tidewire]}/status"; }

# Walk a million rows: how far the server's peak memory goes above what it had before.
bench_iterator() {
  local vendor=$1 url=$2 before reply
  start_tidewire tidewire 0 1 "$url"
  ask '{"action":"iterate_items","request_id":1,"limit":5000}' > /dev/null # what the first walk allocates for good
  before=$(rss_kb tidewire)
  reply=$(ask '{"action":"iterate_items","request_id":1}')
  grep -q "\"rows\":$million" <<< "$reply" || { echo "bench: iterate_items: $reply" >&2; exit 1; }
  printf '%-58s %12s   (at most 20,000)\n' "$vendor iterator over 1,000,000 rows, RSS grows by KB" "$(($(peak_kb) - before))"
  stop tidewire
}

# Make the tables, then fill them from inside the database.
fill_sqlite() {
  load_items "sqlite:$1"
  sqlite3 "$1" "DELETE FROM bench_item; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $million)
    INSERT INTO bench_item (name, price, note) SELECT 'item ' || i, i % 1000, 'a note about item ' || i FROM n"
}

fill_postgresql() {
  psql -Xqc "DELETE FROM bench_item" -c "INSERT INTO bench_item (name, price, note)
    SELECT 'item ' || i, i % 1000, 'a note about item ' || i FROM generate_series(1, $million) AS i" "$1"
}

bench_db() {
  local folder cluster url
  folder=$(disk_folder) cluster=$(mktemp -d /tmp/tidewire-bench-XXXXXX)
  on_exit+=("rm -rf $folder" "tools/postgresql remove $cluster")
  url=postgresql://postgres@127.0.0.1:$(make_cluster "$cluster")/bench
  bench_postgresql "$url"
  bench_sqlite "$folder"
  fill_sqlite "$folder/million.sqlite3"
  bench_iterator SQLite "sqlite:$folder/million.sqlite3"
  fill_postgresql "$url"
  bench_iterator PostgreSQL "$url"
}
