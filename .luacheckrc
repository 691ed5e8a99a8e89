std = "luajit"
max_line_length = 160
codes = true
exclude_files = { "lua/tidewire/_meta/**" }
files["spec"] = { std = "+busted", max_line_length = 200 } -- tables of cases read better in long lines
files[".busted"] = { std = "luajit" }
