std = "luajit"
max_line_length = 160
codes = true
exclude_files = { "lua/tidewire/_meta/**" }
files["spec"] = { std = "+busted" }
files[".busted"] = { std = "luajit" }
