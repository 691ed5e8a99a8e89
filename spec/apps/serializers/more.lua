---Many small serializers at once, whose outcomes were compared with those of DRF 3.18 on Django 3.2: spec/golden/serializers_more.json has them by name.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local m = require "serializers.models"
local repr = require "tidewire.repr"
local runner = require "serializers.runner"
local s = require "tidewire.serializers"

local M = {}

local null, L = json.null, json.array
local MS, SS = s.ModelSerializer, s.Serializer
local rec = runner.as_recorded
local O = class.new("O", { init = function(self, values) for name, value in pairs(values or {}) do self[name] = value end end })

local outcomes

local function case(name, fn)
  local ok, result = pcall(fn)
  if not ok then result = { raises = (class.of(result) and class.of(result).name or "error") .. ": " .. tostring(result) } end
  outcomes[name] = result
end

local function made(value)
  if type(value) == "function" then return value() end
  return value
end

local function options_of(options, data)
  local all = { data = data }
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end

---What validating gives.
local function val(Serializer, data, instance, options)
  return function()
    local serializer = Serializer(made(instance), options_of(options, data))
    if serializer:is_valid() then return { validated = rec(serializer.validated_data) } end
    return { errors = serializer.errors, codes = exceptions.get_codes(serializer.errors) }
  end
end

---What representing gives.
local function ser(Serializer, instance, options)
  return function() return { result = rec(Serializer(made(instance), options_of(options)).data) } end
end

---What saving gives.
local function sav(Serializer, data, instance, extra, options)
  return function()
    local serializer = Serializer(made(instance), options_of(options, data))
    if not serializer:is_valid() then return { errors = serializer.errors } end
    serializer:save(extra)
    return { result = rec(serializer.data) }
  end
end

local function reprs(Serializer, length)
  local all = {}
  for name, field in pairs(Serializer().fields) do all[name] = repr.repr(field):sub(1, length or 999) end
  return all
end

local function book(pk) return function() return m.Book.objects:get { pk = pk } end end

---The rows that there were.
local function rows()
  runner.clear()
  local ann, bob = m.Author.objects:create { name = "Ann", email = "ann@x.org" }, m.Author.objects:create { name = "Bob", email = "bob@x.org" }
  local red, blue = m.Tag.objects:create { name = "red" }, m.Tag.objects:create { name = "blue" }
  local b1 = m.Book.objects:create { title = "One two", author = ann, editor = bob, year = 1999 }
  b1.tags:set { red, blue }
  m.Book.objects:create { title = "Three", author = ann }
  local cp = m.CharPK.objects:create { code = "ab" }
  local cc = m.CharChild.objects:create { parent = cp }
  m.Month.objects:create { slug = "s" }
  m.NullT.objects:create { a = "q", b = 1, c = 2 }
  m.NullT.objects:create { a = null, b = 5, c = null }
  m.Slot.objects:create { room = "A", day = "2020-01-01" }
  local tf, sh = m.ToField.objects:create { author = ann }, m.Shelf.objects:create {}
  m.Through.objects:create { book = b1, shelf = sh, position = 1 }
  return ann, bob, red, blue, b1, cp, cc, tf, sh
end

local Inner = SS:extend("Inner", { x = s.IntegerField(), y = s.CharField { required = false } })

local function first()
  local ann, bob, _, _, b1, cp, cc, tf, sh = rows()
  local N1 = SS:extend("N1", { inner = Inner(), opt = Inner { required = false }, nul = Inner { allow_null = true, required = false } })
  case("n1a", val(N1, {}))
  case("n1b", val(N1, { inner = null }))
  case("n1c", val(N1, { inner = { x = 1 }, nul = null }))
  case("n1d", val(N1, { inner = { x = "q", y = "" }, opt = L {}, nul = 5 }))
  case("n1e", val(N1, { inner = "s", opt = {} }))
  case("n1f", ser(N1, { inner = { x = 1 } }, {}))
  case("n1g", ser(N1, { inner = null, opt = null, nul = null }, {}))
  case("n1h", ser(N1, O { inner = O { x = 1 }, nul = null }))
  case("n1i", val(N1, { inner = {} }, nil, { partial = true }))
  case("n1j", val(N1, { opt = { y = "a" } }, nil, { partial = true }))
  local N2 = SS:extend("N2", { inner = Inner { default = { x = 7 } }, items = Inner { many = true, default = L {} }, w = Inner { source = "deep.er" } })
  case("n2a", val(N2, { w = { x = 2 } }))
  case("n2b", ser(N2, { deep = { er = { x = 3 } } }, {}))
  case("n2c", val(N2, { w = null }))
  local RW = SS:extend("RW", { r = s.CharField { read_only = true }, w = s.CharField { write_only = true }, rd = s.CharField { read_only = true,
    default = "dd" }, h = s.HiddenField { default = "hid" } })
  case("rw1", val(RW, { r = "x", w = "y", rd = "z", h = "q" }))
  case("rw2", val(RW, {}))
  case("rw3", ser(RW, { r = "a", w = "b", rd = "c", h = "d" }, {}))
  case("rw4", ser(RW, { r = "a" }, {}))
  case("rw5", val(RW, { w = "y" }, nil, { partial = true }))
  local SL = SS:extend("SL", { a = s.SlugRelatedField { queryset = m.Author.objects:all(), slug_field = "email" },
    n = s.SlugRelatedField { queryset = m.Author.objects:all(), slug_field = "email", allow_null = true, required = false },
    t = s.SlugRelatedField { queryset = m.Tag.objects:all(), slug_field = "name", many = true, required = false },
    i = s.SlugRelatedField { queryset = m.Book.objects:all(), slug_field = "year", required = false } })
  local A = "ann@x.org"
  for i, d in ipairs { {}, { a = A }, { a = "no" }, { a = null }, { a = "" }, { a = 5 }, { a = true }, { a = {} }, { a = L {} }, { a = A, n = null },
    { a = A, n = "" }, { a = A, t = L { "red", "blue" } }, { a = A, t = L { "red", "zz" } }, { a = A, t = "red" },
    { a = A, t = L { null } }, { a = A, i = "x" }, { a = A, i = 1999 }, { a = A, i = "1999" }, { a = A, t = null } } do case("sl" .. i - 1, val(SL,
    d)) end
  local SLM = MS:extend("SLM", { author = s.SlugRelatedField { queryset = m.Author.objects:all(), slug_field = "name" },
    editor = s.SlugRelatedField { slug_field = "name", read_only = true }, tags = s.SlugRelatedField { slug_field = "name", many = true,
    read_only = true },
    Meta = { model = m.Book, fields = { "title", "author", "editor", "tags" } } })
  case("slm1", ser(SLM, book(1)))
  case("slm2", ser(SLM, book(2)))
  case("slm3", val(SLM, { title = "One two", author = "Ann", editor = "x", tags = L { "q" } }))
  case("slm4", val(SLM, { title = "z", author = "Ann", tags = 5 }))
  local CP = MS:extend("CP", { Meta = { model = m.CharPK, fields = "__all__" } })
  case("cp1", val(CP, { code = "ab" }))
  case("cp2", val(CP, { code = "toolong" }))
  case("cp3", sav(CP, { code = "zz" }))
  case("cp4", val(CP, { code = "ab" }, cp))
  local CC = MS:extend("CC", { Meta = { model = m.CharChild, fields = "__all__" } })
  for i, d in ipairs { { parent = "ab" }, { parent = "no" }, { parent = 5 }, { parent = null }, { parent = "" }, { parent = L {} }, { parent = true },
    {}, { label = "" }, { label = null } } do case("cc" .. i - 1, val(CC, d)) end
  case("cc_s", ser(CC, cc))
  case("cc_save", sav(CC, { parent = "ab", label = "l" }))
  local MO = MS:extend("MO", { Meta = { model = m.Month, fields = "__all__" } })
  local MO2 = MS:extend("MO2", { Meta = { model = m.Month, fields = { "id", "slug" } } })
  case("mo1", val(MO, { slug = "s", published = "2021-05-01" }))
  case("mo2", val(MO, { slug = "s" }))
  case("mo3", val(MO, { slug = "t" }))
  case("mo4", val(MO2, { slug = "s" }))
  case("mo5", val(MO2, { slug = "t" }))
  case("mo6", val(MO, { slug = "s", published = "2021-06-01" }))
  case("mo7", val(MO, { slug = "s" }, function() return {} end, { partial = true }))
  case("mo8", val(MO, { slug = "s", published = "2020-05-09" }, function() return m.Month.objects:get { pk = 1 } end))
  local NT = MS:extend("NT", { Meta = { model = m.NullT, fields = "__all__" } })
  for i, d in ipairs { { a = "q" }, { a = "q", b = 1, c = 9 }, { a = "q", b = 2 }, { a = null, b = 5 }, {}, { c = 2 }, { b = 1, c = 2, a = "r" },
    { b = 5, c = null, a = "w" } } do case("nt" .. i - 1, val(NT, d)) end
  local function nt(pk) return function() return m.NullT.objects:get { pk = pk } end end
  case("nt_i", val(NT, { a = "q" }, nt(2), { partial = true }))
  case("nt_j", val(NT, { a = "q", b = 1 }, nt(2), { partial = true }))
  case("nt_k", val(NT, { b = 1 }, nt(1), { partial = true }))
  case("nt_r", function() return { r = reprs(NT) } end)
  case("mo_r", function()
  local t = reprs(MO2) t.published = nil return { r = t, h = class.of(MO2().fields.published).name } end)
  local SU = MS:extend("SU", { Meta = { model = m.Book, fields = { "title" } } })
  case("su1", val(SU, { title = "One two" }))
  case("su_r", function() return { r = repr.repr(SU().fields.title) } end)
  local SU2 = MS:extend("SU2", { Meta = { model = m.Book, fields = { "title", "author" }, extra_kwargs = { author = { required = false },
    title = { default = "One two" } } } })
  case("su2a", val(SU2, { author = 1 }))
  case("su2b", val(SU2, {}))
  case("su2_r", function() return { r = reprs(SU2) } end)
  local SU3 = MS:extend("SU3", { nm = s.CharField { source = "title" }, who = s.PrimaryKeyRelatedField { source = "author",
    queryset = m.Author.objects:all() }, Meta = { model = m.Book, fields = { "nm", "who" } } })
  case("su3a", val(SU3, { nm = "One two", who = 1 }))
  case("su3b", val(SU3, { nm = "One two" }))
  local SU4 = MS:extend("SU4", { author = s.PrimaryKeyRelatedField { read_only = true, default = ann }, Meta = { model = m.Book, fields = { "title",
    "author" } } })
  case("su4a", val(SU4, { title = "One two" }))
  case("su4b", val(SU4, { title = "x" }))
  local CO = SS:extend("CO", { l = s.ListField { child = s.IntegerField(), max_length = 2 }, d = s.DictField { child = s.IntegerField(),
    required = false }, n = s.ListField { child = Inner(), required = false }, j = s.JSONField { required = false } })
  for i, d in ipairs { { l = L { 1, "2" } }, { l = L { "x", 1 } }, { l = L { 1, 2, 3 } }, { l = 5 }, { l = {} }, { l = L {}, d = { a = "1" } },
    { l = L {}, d = { a = "z" } }, { l = L {}, d = L {} }, { l = L {}, n = L { { x = 1 }, {} } }, { l = L {}, n = L { 5 } },
    { l = L {}, j = { a = L { 1, null } } }, { l = L {}, j = null }, { l = L { null } } } do case("co" .. i - 1, val(CO, d)) end
  case("co_s", ser(CO, { l = L { 1 }, d = { k = 2 }, n = L { { x = 1 } }, j = L { 1 } }, {}))
  local VE = s.ValidationError
  local function bad(v)
    if v.a == 1 then error(VE "no one") end
    if v.a == 2 then error(VE { a = "two" }) end
    if v.a == 3 then error(VE({ "t1", "t2" }, "c3")) end
  end
  local function bad2() error(VE("second", "sec")) end
  local V1 = SS:extend("V1", { a = s.IntegerField(), Meta = { validators = { bad, bad2 } } })
  for i = 0, 4 do case("v1_" .. i, val(V1, { a = i })) end
  local V2 = SS:extend("V2", { v = V1 { validators = { bad } }, f = s.IntegerField { validators = { function() error(VE { k = "dict" }) end },
    required = false } })
  case("v2a", val(V2, { v = { a = 1 } }))
  case("v2b", val(V2, { v = { a = 9 }, f = 1 }))
  local V3 = SS:extend("V3", { a = s.IntegerField(), validate = function() end })
  case("v3", val(V3, { a = 1 }))
  local V4 = SS:extend("V4", { a = s.IntegerField(), b = s.IntegerField { required = false, allow_null = true } })
  function V4:validate_a(v) if v == 0 then return nil end error(s.SkipField) end
  function V4:validate_b(v) return "b:" .. repr.str(v) end
  case("v4a", val(V4, { a = 0 }))
  case("v4b", val(V4, { a = 1 }))
  case("v4c", val(V4, { a = 0, b = null }))
  case("v4d", val(V4, { a = 0, b = 3 }))
  local ST = SS:extend("ST", { whole = Inner { source = "*", allow_null = true }, z = s.CharField { default = "zz" } })
  case("st1", val(ST, { whole = null }))
  case("st2", val(ST, { whole = { x = 1 } }))
  case("st3", ser(ST, { x = 1 }, {}))
  case("st4", val(ST, {}))
  local EK = MS:extend("EK", { Meta = { model = m.Author, fields = { "id", "nm", "email" }, extra_kwargs = { nm = { source = "name", label = "L" },
    email = { validators = {}, required = false, help_text = "h" } } } })
  case("ek1", val(EK, { nm = "x", email = "ann@x.org" }))
  case("ek2", val(EK, { nm = "x" }))
  case("ek_r", function() return { r = reprs(EK) } end)
  case("ek3", ser(EK, ann))
  case("ek4", sav(EK, { nm = "E", email = "e@x.org" }))
  local EK2 = MS:extend("EK2", { Meta = { model = m.Author, fields = { "pk", "name" }, read_only_fields = { "name" } } })
  case("ek5", ser(EK2, ann))
  case("ek6", val(EK2, { pk = 5, name = "q" }))
  case("ek_r2", function() return { r = reprs(EK2) } end)
  local EK3 = MS:extend("EK3", { Meta = { model = m.Book, fields = { "id", "title", "author_id", "shout" } } })
  case("ek7", function() return { r = reprs(EK3) } end)
  case("ek8", ser(EK3, b1))
  local TF = MS:extend("TF", { Meta = { model = m.ToField, fields = "__all__" } })
  case("tf_r", function() return { r = reprs(TF, 60) } end)
  case("tf1", ser(TF, tf))
  case("tf2", val(TF, { author = "bob@x.org", lim = 1 }))
  case("tf3", val(TF, { author = "no", lim = 2 }))
  local SH = MS:extend("SH", { Meta = { model = m.Shelf, fields = "__all__" } })
  case("sh1", ser(SH, sh))
  case("sh2", val(SH, { books = L { 1 }, parent = 1 }))
  case("sh3", val(SH, { parent = 9 }))
  case("sh4", sav(SH, { parent = 1 }))
  local SHD = MS:extend("SHD", { Meta = { model = m.Shelf, fields = "__all__", depth = 1 } })
  case("shd", ser(SHD, function() return m.Shelf.objects:create { parent = sh } end))
  local BD = MS:extend("BD", { Meta = { model = m.Author, fields = { "name", "books" }, depth = 1 } })
  case("bd", ser(BD, ann))
  case("li1", val(Inner, L { { x = 1 }, { x = 2 } }, nil, { many = true, max_length = 1 }))
  case("li2", val(Inner, L {}, nil, { many = true, min_length = 1 }))
  case("li3", val(Inner, null, nil, { many = true, allow_null = true }))
  case("li4", val(Inner, {}, nil, { many = true, allow_empty = false }))
  local LV = s.ListSerializer:extend("LV", { validate = function(_, attrs) if #attrs > 1 then error(VE("too many", "tm")) end return attrs end })
  local IL = Inner:extend("IL", { Meta = { list_serializer_class = LV } })
  case("lv1", val(IL, L { { x = 1 }, { x = 2 } }, nil, { many = true }))
  case("lv2", val(IL, L { { x = 1 } }, nil, { many = true }))
  local LN = SS:extend("LN", { items = IL { many = true } })
  case("lv3", val(LN, { items = L { { x = 1 }, { x = 2 } } }))
  case("li5", sav(EK, L { { nm = "a", email = "l1@x.org" }, { nm = "b", email = "l2@x.org" } }, nil, nil, { many = true }))
  case("li6", val(Inner, L { { x = 1 }, 5 }, nil, { many = true, partial = true }))
  case("li7", val(Inner, L { {} }, nil, { many = true, partial = true }))
  local BK = MS:extend("BK", { Meta = { model = m.Book, fields = { "title", "author", "year", "tags" } } })
  case("sv1", sav(BK, { title = "S", author = 1 }, nil, { commit = false }))
  case("sv2", sav(BK, { title = "S1", author = 1 }, nil, { nope = 1 }))
  case("sv3", sav(BK, { title = "S2", author = 1 }, nil, { tags = { 1 } }))
  case("sv4", sav(BK, { title = "S3" }, nil, { author = bob }))
  case("sv5", sav(BK, { year = null }, book(2), nil, { partial = true }))
  case("at1", ser(Inner, O()))
  case("at2", ser(Inner, 5))
  case("at3", ser(Inner, {}, {}))
  case("at4", ser(Inner, nil))
  case("at5", ser(N1, { inner = {} }, {}))
  local DT = SS:extend("DT", { a = s.CharField { source = "o.p.q", required = false }, b = s.CharField { source = "o.z", allow_null = true,
    required = false }, c = s.ReadOnlyField { source = "o.p" } })
  case("dt1", ser(DT, { o = { p = { q = 1 } } }, {}))
  case("dt2", ser(DT, { o = { p = null } }, {}))
  case("dt3", ser(DT, {}, {}))
  case("dt4", val(DT, { a = "x", b = null }))
  local UM = SS:extend("UM", { e = s.EmailField { validators = { s.UniqueValidator { queryset = m.Author.objects:all(), message = "m!",
    lookup = "iexact" } }, source = "email" } })
  case("um1", val(UM, { e = "ANN@x.org" }))
  case("um2", val(UM, { e = "z@x.org" }))
  local UT = SS:extend("UT", { t = s.CharField { source = "title" }, a = s.IntegerField { source = "author" },
    Meta = { validators = { s.UniqueTogetherValidator { queryset = m.Book.objects:all(), fields = { "t", "a" } } } } })
  case("ut1", val(UT, { t = "One two", a = 1 }))
  case("ut2", val(UT, { t = "x" }))
  case("ut3", val(UT, { t = "x", a = 1 }))
  local UD = SS:extend("UD", { slug = s.CharField(), d = s.DateField { source = "published", required = false },
    Meta = { validators = { s.UniqueForDateValidator { queryset = m.Month.objects:all(), field = "slug", date_field = "d" } } } })
  case("ud1", val(UD, { slug = "s", d = "2020-05-06" }))
  case("ud2", val(UD, { slug = "s" }))
end

local function second()
  local _, bob, red, blue = rows()
  local P1 = MS:extend("P1", { nm = s.CharField { source = "author.name", read_only = true }, apk = s.IntegerField { source = "author.pk",
    read_only = true }, ed = s.CharField { source = "editor.name", read_only = true },
    sh = s.CharField { source = "shout", read_only = true }, ro = s.ReadOnlyField { source = "author.email" },
    aa = s.PrimaryKeyRelatedField { source = "author", read_only = true }, tg = s.StringRelatedField { source = "tags", many = true } })
  local P1a = P1:extend("P1", { Meta = { model = m.Book, fields = { "nm", "apk", "sh", "ro", "aa", "tg" } } })
  local P1e = P1:extend("P1e", { Meta = { model = m.Book, fields = { "ed" } } })
  local P1f = MS:extend("P1f", { ed = s.CharField { source = "editor.name", default = "nobody" }, e2 = s.CharField { source = "editor.name",
    required = false }, e3 = s.CharField { source = "editor.name", allow_null = true }, Meta = { model = m.Book, fields = { "ed", "e2", "e3" } } })
  case("p1a", ser(P1a, book(1)))
  case("p1b", ser(P1a, book(2)))
  case("p1c", ser(P1e, book(1)))
  case("p1d", ser(P1e, book(2)))
  case("p1e", ser(P1f, book(1)))
  case("p1f", ser(P1f, book(2)))
  local AuthorS = MS:extend("AuthorS", { Meta = { model = m.Author, fields = { "id", "name" } } })
  local P2 = MS:extend("P2", { author = AuthorS(), editor = AuthorS { allow_null = true, required = false }, Meta = { model = m.Book,
    fields = { "title", "author", "editor" } } })
  case("p2a", ser(P2, book(1)))
  case("p2b", ser(P2, book(2)))
  case("p2c", val(P2, { title = "t", author = { name = "n" } }))
  case("p2d", val(P2, { title = "t", author = null, editor = null }))
  case("p2e", sav(P2, { title = "t", author = { name = "n" } }))
  case("p2f", sav(P2, { author = { name = "n" } }, book(1), nil, { partial = true }))
  local P2c = P2:extend "P2c"
  function P2c:create(v)
    local a = m.Author.objects:create { email = "new@x.org", name = v.author.name }
    return m.Book.objects:create { author = a, title = v.title }
  end
  function P2c:update(i, v)
    local a = v.author v.author = nil
    if a then i.author.name = a.name i.author:save() end
    return P2c.super.update(self, i, v)
  end
  case("p2g", sav(P2c, { title = "t2", author = { name = "n" } }))
  case("p2h", sav(P2c, { title = "t3", author = { name = "renamed" } }, book(2)))
  case("p2i", val(P2c, { title = "" }, nil, { partial = true }))
  m.Author.objects:filter { pk = 1 }:update { name = "Ann" }
  local function author(pk) return function() return m.Author.objects:get { pk = pk } end end
  local P3 = MS:extend("P3", { Meta = { model = m.Author, fields = { "id", "name", "email" },
    extra_kwargs = { email = { error_messages = { required = "need", invalid = "inv", unique = "u?" } }, name = { trim_whitespace = false,
    min_length = 2, allow_blank = true } } } })
  case("p3a", val(P3, {}))
  case("p3b", val(P3, { name = " ", email = "x" }))
  case("p3c", val(P3, { name = "", email = "ann@x.org" }))
  case("p3d", val(P3, { name = "abc", email = "ann@x.org" }, bob))
  case("p3e", sav(P3, { name = "abc" }, author(2), nil, { partial = true }))
  case("p3f", val(P3, { name = 5, email = null }))
  case("p3g", val(P3, { name = true, email = L {} }))
  local P4 = SS:extend("P4", { ids = s.ListField { child = s.PrimaryKeyRelatedField { queryset = m.Tag.objects:all() } },
    d = s.DictField { child = Inner(), required = false }, m = s.PrimaryKeyRelatedField { many = true, queryset = m.Tag.objects:all(),
    allow_empty = false, required = false, error_messages = { empty = "E!", not_a_list = "N!" } } })
  for i, d in ipairs { { ids = L { 1, 2 } }, { ids = L { 1, 9, "x" } }, { ids = L {}, d = { k = { x = 1 } } }, { ids = L {}, d = { k = {}, j = 5 } },
    { ids = L {}, m = L {} }, { ids = L {}, m = 5 }, { ids = L {}, m = L { 1, 9 } }, { ids = L {}, m = { ["1"] = 2 } } } do case("p4_" .. i - 1,
    val(P4, d)) end
  case("p4s", function() return { result = rec(P4(O { ids = { red, blue }, d = { k = O { x = 1 } }, m = m.Tag.objects:all() }).data) } end)
  local P5 = SS:extend("P5", { a = s.IntegerField { required = false }, b = s.IntegerField { allow_null = true, required = false },
    c = s.IntegerField { default = 5 }, d = s.IntegerField { allow_null = true, default = null }, e = s.BooleanField(),
    f = s.BooleanField { required = false, allow_null = true }, g = s.CharField { allow_blank = true, required = false, allow_null = true } })
  for i, d in ipairs { {}, { e = "yes", f = "", g = " " }, { e = null }, { e = 2 }, { e = false, a = null, b = null, c = null, d = null, f = null,
    g = null }, { e = 0, a = "1.0", b = "1.5", c = " 7 " } } do case("p5_" .. i - 1, val(P5, d)) end
  case("p5s1", ser(P5, { a = 1, b = null, c = 2, d = null, e = true, f = null, g = null }, {}))
  case("p5s2", ser(P5, { e = "t" }, {}))
  case("p5i", function() return { result = rec(P5().data) } end)
  case("p5j", function()
  local x = P5(nil, { data = { a = "z", e = true } }) x:is_valid() return { result = rec(x.data) } end)
  case("p5k", val(P5, { a = 1 }, nil, { partial = true }))
  case("p5l", function()
  local x = P5(nil, { data = { e = true } }) x:is_valid() return { result = rec(x.data) } end)
  local P6 = SS:extend("P6", { u = s.HiddenField { default = s.CurrentUserDefault() }, c = s.HiddenField { default = s.CreateOnlyDefault "new" },
    t = s.CharField { default = s.CreateOnlyDefault "ct" } })
  case("p6a", val(P6, { u = 1 }, nil, { context = { request = O { user = "ann" } } }))
  case("p6b", val(P6, {}, O(), { context = { request = O { user = "bob" } } }))
  case("p6c", val(P6, { t = "x" }, O(), { partial = true, context = { request = O { user = "bob" } } }))
  local P7 = SS:extend("P7", { a = s.CharField() })
  function P7:to_representation(i)
  local r = P7.super.to_representation(self, i) r.extra = #r.a r.a = nil return r end
  function P7:to_internal_value(d)
  local b = d.b if b == nil then b = null end local v = P7.super.to_internal_value(self, { a = b }) v.z = 1 return v end
  case("p7a", ser(P7, { a = "xyz" }, {}))
  case("p7b", val(P7, { b = "q" }))
  case("p7c", val(P7, {}))
  local P7n = SS:extend("P7n", { p = P7(), l = P7 { many = true } })
  case("p7d", ser(P7n, { p = { a = "x" }, l = { { a = "yy" } } }, {}))
  case("p7e", val(P7n, { p = { b = "x" }, l = L { { b = "yy" }, {} } }))
  local P8 = MS:extend("P8", { n = s.SerializerMethodField(), get_n = function(_, o) return o.books:count() end, Meta = { model = m.Author,
    fields = { "name", "n" } } })
  case("p8", ser(P8, author(1)))
  case("p8m", ser(P8, function() return m.Author.objects:filter { pk__lt = 3 }:order_by "pk" end, { many = true }))
  local P9 = MS:extend("P9", { Meta = { model = m.Author, fields = { "name", "books", "edited" } } })
  case("p9a", ser(P9, author(2)))
  case("p9b", val(P9, { name = "x", books = L {}, edited = L { 1 } }))
  case("p9c", sav(P9, { edited = L { 2 } }, author(2), nil, { partial = true }))
  case("p9d", val(P9, { name = "x" }))
  local P10 = MS:extend("P10", { Meta = { model = m.Slot, fields = { "id", "room", "day", "hour" }, read_only_fields = { "hour" } } })
  local function slot() return m.Slot.objects:get { pk = 1 } end
  case("p10a", val(P10, { room = "A", day = "2020-01-01" }))
  case("p10b", val(P10, { room = "A", day = "x" }))
  case("p10c", val(P10, { room = "A", day = "2020-01-01" }, slot))
  case("p10d", sav(P10, { room = "B", day = "2020-01-01", hour = 3 }))
  case("p10e", val(P10, { room = "A" }, slot, { partial = true }))
  case("p10f", ser(P10, slot))
  local P11 = MS:extend("P11", { extra = s.CharField { required = false }, Meta = { model = m.Tag, fields = { "id", "name", "extra" } } })
  case("p11a", sav(P11, { name = "zz", extra = "q" }))
  case("p11b", sav(P11, { name = "zz1" }))
  case("p11c", ser(P11, red))
  case("p11d", sav(P11, { name = "zz2", extra = "q" }, function() return m.Tag.objects:create { name = "up" } end))
  case("p11e", val(P11, { name = "no spaces" }))
  case("m1", function()
  local x = Inner(nil, { data = "x", many = true }) x:is_valid() return { r = x.errors } end)
  case("m2", val(Inner, L { null }, nil, { many = true }))
  case("m3", val(Inner, "abc", nil, { many = true, partial = true }))
  local P12 = SS:extend("P12", { a = Inner { read_only = true }, b = Inner { many = true, read_only = true }, c = Inner { write_only = true,
    required = false } })
  case("p12a", val(P12, { a = 5, b = 6 }))
  case("p12b", ser(P12, { a = { x = 1 }, b = {}, c = 4 }, {}))
  case("p12c", ser(P12, { a = null, b = null }, {}))
  case("p12d", ser(P12, { b = L {} }, {}))
  local P13 = MS:extend("P13", { Meta = { model = m.Through, fields = "__all__", depth = 2 } })
  case("p13", ser(P13, function() return m.Through.objects:get { pk = 1 } end))
  local Base = SS:extend("Base", { a = s.CharField(), b = s.CharField(), validate_a = function(_, v) return v .. "!" end })
  local Sub = Base:extend("Sub", { b = s.IntegerField(), c = s.CharField { required = false }, a = null })
  local Sub2 = Base:extend "Sub2"
  function Sub2:validate_a(v) return Sub2.super.validate_a(self, v) .. "?" end
  case("in1", val(Sub, { b = "1" }))
  case("in2", val(Sub2, { a = "x", b = "y" }))
  case("in3", val(Sub, {}))
  local L3 = SS:extend("L3", { v = s.IntegerField() })
  local L2 = SS:extend("L2", { l3 = L3 { many = true }, k = L3 { required = false } })
  local L1 = SS:extend("L1", { l2 = L2(), ls = L2 { many = true, required = false } })
  case("dp1", val(L1, { l2 = { l3 = L { { v = 1 }, { v = "x" }, 3 }, k = {} }, ls = L { { l3 = L {} }, { l3 = L { {} } } } }))
  case("dp2", val(L1, { l2 = { l3 = L { { v = 1 } } } }))
  case("dp3", ser(L1, { l2 = { l3 = { { v = "4" } }, k = null } }, {}))
  case("dp4", val(L1, { l2 = { k = {} } }, nil, { partial = true }))
end

---@return table<string, table> outcomes by name
function M.play()
  outcomes = {}
  first()
  second()
  return outcomes
end

return M
