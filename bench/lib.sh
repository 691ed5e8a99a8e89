# Sourced by bench/run: servers, the load, and figures.

rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3}
work=$(mktemp -d)
declare -A pid port
on_exit=() # commands for the end, besides ending the servers
cleanup() {
  local name command
  for name in "${!pid[@]}"; do kill "${pid[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for command in "${on_exit[@]}"; do $command; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

ulimit -n "$(ulimit -Hn)"
mkdir -p build/bench

# compiled FILE [LIBRARIES]: a C program of bench/, built when it is older than its source
compiled() {
  local program
  program=build/bench/$(basename "$1" .c)
  [ "$program" -nt "$1" ] || gcc -O2 -o "$program" "$@"
}
compiled bench/wsload.c

# ---- servers ----

# wait_for PATTERN FILE: the first match of an extended regular expression
wait_for() {
  for _ in $(seq 1 500); do
    grep -oE "$1" "$2" 2>/dev/null | head -1 | grep . && return
    sleep 0.02
  done
  echo "bench: no server: $(cat "$2")" >&2
  exit 1
}

# start_tidewire NAME CORES WORKERS URL: serve apps/bench
start_tidewire() {
  local log
  log=$(mktemp "$work/$1.XXXX")
  taskset -c "$2" build/tidewire serve apps/bench --listen 127.0.0.1:0 --workers "$3" --database "$4" > "$log" 2>&1 &
  pid[$1]=$!
  port[$1]=$(wait_for '"address":"[0-9.]+:[0-9]+' "$log" | grep -oE '[0-9]+$')
}

# start NAME: one of those that are compared in messages
start() {
  local log
  log=$(mktemp "$work/$1.XXXX")
  case $1 in
    tidewire) start_tidewire tidewire 0 1 "sqlite:$work/bench.sqlite3"; return ;;
    node) taskset -c 0 node bench/peers/node_ws.mjs > "$log" 2>&1 & ;;
    channels) (cd bench/peers && exec taskset -c 0 /usr/bin/python3 -m uvicorn --port 0 --ws websockets --loop uvloop --log-level info channels_app:application) > "$log" 2>&1 & ;;
  esac
  pid[$1]=$!
  case $1 in
    node) port[$1]=$(wait_for 'listening [0-9]+' "$log" | grep -oE '[0-9]+$') ;;
    channels) port[$1]=$(wait_for 'http://127.0.0.1:[0-9]+' "$log" | grep -oE '[0-9]+$') ;;
  esac
}

stop() { kill "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }

rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${pid[$1]}/status"; }

health() {
  exec 3<> "/dev/tcp/127.0.0.1/${port[$1]}"
  printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
  cat <&3
  exec 3<&-
}

# ---- load ----

load() { taskset -c 1 build/bench/wsload -S "${pid[$1]}" -P "${port[$1]}" -d "$seconds" "${@:2}"; }
field() { grep -oE "(^| )$1=[^ ]+" <<< "$2" | cut -d= -f2; }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
echo_message='{"action":"echo","request_id":$ID,"text":"x"}'

# measure NAME FILE ARGS…: one run; appends the CPU figure to FILE, and the replies a second to FILE.rate
measure() {
  local line
  line=$(load "$1" "${@:3}") || true
  [ "$(field errors "$line")" = 0 ] && [ "$(field closed "$line")" = 0 ] || { echo "bench: $1: $line" >&2; exit 1; }
  [ "$(field lost "$line")" = 0 ] || echo "bench: $1 lost $(field lost "$line") deliveries" >&2
  field server_cpu_us "$line" >> "$2"
  field rate "$line" | tr -d /s >> "$2.rate"
}
