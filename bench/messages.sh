# Sourced by bench/run: echo, fanout and idle, beside Node's ws and Channels.

# compare TITLE TARGET ARGS…: Tidewire beside its peers, in turns
compare() {
  local title=$1 target=$2 name
  shift 2
  rm -f "$work"/figures.*
  for _ in $(seq "$rounds"); do
    for name in tidewire node channels; do measure "$name" "$work/figures.$name" "$@"; done
  done
  local ours node channels
  ours=$(median < "$work/figures.tidewire") node=$(median < "$work/figures.node") channels=$(median < "$work/figures.channels")
  printf '%-34s %7s µs   Node ws %7s   Channels %8s   ratio to Node %s (at most %s)\n' "$title" "$ours" "$node" "$channels" "$(ratio "$ours" "$node")" "$target"
}

bench_echo() {
  start tidewire; start node; start channels
  compare "echo, 100 connections, 1 in flight" 0.60 -c 100 -p 1 -m "$echo_message"
  compare "echo, 100 connections, 16 in flight" 0.25 -c 100 -p 16 -m "$echo_message"
  stop tidewire; stop node; stop channels
}

bench_fanout() {
  start tidewire; start node; start channels
  compare "publish to 1,000, a delivery" 0.60 -M fanout -w 0.1 -c 1000 -s '{"action":"subscribe","request_id":$CONN}' \
    -m '{"action":"publish","request_id":0,"text":"$NOW"}'
  stop tidewire; stop node; stop channels
}

# The same echo, alone and beside 10,000 idle connections; two servers, so that both figures come from the same minutes.
bench_idle() {
  local idle=10000 before after load_pid
  start tidewire
  pid[alone]=${pid[tidewire]} port[alone]=${port[tidewire]}
  start tidewire
  measure tidewire "$work/warm" -c 100 -p 1 -m "$echo_message" # what the first connections allocate is no cost of idle ones
  before=$(rss_kb tidewire)
  taskset -c 1 build/bench/wsload -M idle -c "$idle" -P "${port[tidewire]}" -d 3600 -w 0 > /dev/null &
  load_pid=$!
  pid[load]=$load_pid
  for _ in $(seq 1 1500); do health tidewire | grep -q "\"connections\":$idle" && break; sleep 0.02; done
  health tidewire | grep -q "\"connections\":$idle" || { echo "bench: not all connections opened" >&2; exit 1; }
  after=$(rss_kb tidewire)
  rm -f "$work"/figures.*
  for _ in $(seq "$rounds"); do
    measure alone "$work/figures.alone" -c 100 -p 1 -m "$echo_message"
    measure tidewire "$work/figures.beside" -c 100 -p 1 -m "$echo_message"
  done
  local alone beside
  alone=$(median < "$work/figures.alone") beside=$(median < "$work/figures.beside")
  printf '%-34s %7s µs   alone   %7s   ratio %s (at most 1.15)\n' "echo beside $idle idle" "$beside" "$alone" "$(ratio "$beside" "$alone")"
  printf '%-34s %7s bytes of RSS (at most 8192)\n' "an idle connection" "$(((after - before) * 1024 / idle))"
  stop load; stop tidewire; stop alone
}
