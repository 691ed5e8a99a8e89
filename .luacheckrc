std = "luajit"
max_line_length = 160
codes = true
self = false -- a method need not look at its object
exclude_files = { "lua/tidewire/_meta/**" }
files["spec"] = { std = "+busted", max_line_length = 200 } -- tables of cases read better in long lines
files[".busted"] = { std = "luajit" }
files["lua/tidewire/models"] = { ignore = { "212" } } -- kinds of fields share the arguments of their methods
files["lua/tidewire/fields"] = { ignore = { "212" } }
