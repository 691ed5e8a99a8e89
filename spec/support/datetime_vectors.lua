---What Python 3.11 answers: a Lua expression, " => ", the result as text. d is tidewire.datetime, z timezone.get, tz timezone.
return [[
d.Date(5195,12,15):isoformat() => 5195-12-15
table.concat({d.DateTime(5189,9,2,18,29,23,896580):isocalendar()},",") => 5189,35,6
d.DateTime(2181,10,5,6,43,23,842950):strftime '%z|%Z|%c' => ||Fri Oct  5 06:43:23 2181
d.DateTime(7234,5,1,22,21,12,0) + d.Duration{days=-5,seconds=33570,microseconds=0} => 7234-04-27 07:40:42
d.DateTime(6838,10,6,14,25,25,474999) - d.DateTime(8486,6,4,22,24,43,0) => -601797 days, 16:00:42.474999
d.DateTime(7156,10,8,0,32,46,872102):weekday() .. d.DateTime(7156,10,8,0,32,46,872102):toordinal() => 02613591
d.DateTime(2053,5,13,2,10,5,0,tz.utc):astimezone(z 'America/New_York') => 2053-05-12 22:10:05-04:00
d.DateTime(1950,6,17,16,53,28,0,z 'America/St_Johns'):astimezone(tz.utc) => 1950-06-17 19:23:28+00:00
d.DateTime(1950,6,17,16,53,28,0,z 'America/St_Johns') => 1950-06-17 16:53:28-02:30
d.DateTime(1950,6,17,16,53,28,0,z 'America/St_Johns') + d.Duration{days=3,seconds=41012,microseconds=0} => 1950-06-21 04:17:00-02:30
d.Duration{days=-1,seconds=62983,microseconds=0} + d.Duration{days=-1,seconds=14808,microseconds=0} => -2 days, 21:36:31
d.Duration{days=-1,seconds=62983,microseconds=0} < d.Duration{days=-1,seconds=14808,microseconds=0} => false
-d.Duration{days=-1,seconds=62983,microseconds=0} => 6:30:17
d.Duration{days=1,seconds=3141,microseconds=0} * -3 => -4 days, 21:22:57
d.Duration{days=1,seconds=3141,microseconds=0} / 1 => 1 day, 0:52:21
d.Duration{minutes=61,weeks=-78,seconds=0} => -546 days, 1:01:00
json(d.Duration{days=335736,seconds=42977,microseconds=0}) => 29007633377.0
d.DateTime(5139,1,21,18,31,38,199947) < d.DateTime(8837,11,23,4,46,6,439595) => true
try(d.strptime,'701110','%y%m%d') => 1970-11-10 00:00:00
d.Date(9227,1,26):isoformat() => 9227-01-26
table.concat({d.DateTime(2420,9,18,6,49,10,413426):isocalendar()},",") => 2420,38,5
d.DateTime(2449,10,21,16,4,33,0) + d.Duration{days=4,seconds=11232,microseconds=0} => 2449-10-25 19:11:45
d.DateTime(1035,11,15,7,35,59,611041) - d.DateTime(2791,9,2,0,33,52,0) => -641292 days, 7:02:07.611041
d.DateTime(4269,7,4,22,39,6,0):weekday() .. d.DateTime(4269,7,4,22,39,6,0):toordinal() => 61559040
d.DateTime(1998,12,28,17,36,42,872791,tz.utc):astimezone(z 'America/New_York') => 1998-12-28 12:36:42.872791-05:00
d.DateTime(2056,7,11,22,50,14,0,z 'America/New_York'):astimezone(tz.utc) => 2056-07-12 02:50:14+00:00
d.DateTime(2056,7,11,22,50,14,0,z 'America/New_York') => 2056-07-11 22:50:14-04:00
d.DateTime(2056,7,11,22,50,14,0,z 'America/New_York') + d.Duration{days=299,seconds=37943,microseconds=0} => 2057-05-07 09:22:37-04:00
d.Duration{days=-417691,seconds=8826,microseconds=0} + d.Duration{days=-6,seconds=58897,microseconds=551533} => -417697 days, 18:48:43.551533
d.Duration{days=-417691,seconds=8826,microseconds=0} < d.Duration{days=-6,seconds=58897,microseconds=551533} => true
-d.Duration{days=-417691,seconds=8826,microseconds=0} => 417690 days, 21:32:54
d.Duration{days=-1,seconds=14429,microseconds=0} * 6 => -5 days, 0:02:54
d.Duration{days=-1,seconds=14429,microseconds=0} / -3 => 6:39:50.333333
d.Duration{hours=91,days=0,milliseconds=0} => 3 days, 19:00:00
json(d.Duration{days=0,seconds=64632,microseconds=0}) => 64632.0
d.DateTime(5453,5,4,13,0,54,0) < d.DateTime(386,3,8,0,46,26,627439) => false
try(d.strptime,'210/132','%Y/%j') => nil
d.Date(5204,2,14):isoformat() => 5204-02-14
table.concat({d.DateTime(511,8,15,4,42,59,0):isocalendar()},",") => 511,33,6
d.DateTime(9845,11,8,15,11,17,0) + d.Duration{days=0,seconds=73829,microseconds=388870} => 9845-11-09 11:41:46.388870
d.DateTime(4355,4,27,21,12,52,13051) - d.DateTime(830,9,6,2,55,12,95051) => 1287347 days, 18:17:39.918000
d.DateTime(1328,4,13,9,21,52,0):weekday() .. d.DateTime(1328,4,13,9,21,52,0):toordinal() => 1484780
d.DateTime(2017,6,14,12,1,13,407305,tz.utc):astimezone(z 'America/St_Johns') => 2017-06-14 09:31:13.407305-02:30
d.DateTime(2032,10,17,16,50,36,879094,z 'Europe/Berlin'):astimezone(tz.utc) => 2032-10-17 14:50:36.879094+00:00
d.DateTime(2032,10,17,16,50,36,879094,z 'Europe/Berlin') => 2032-10-17 16:50:36.879094+02:00
d.DateTime(2032,10,17,16,50,36,879094,z 'Europe/Berlin') + d.Duration{days=3,seconds=67622,microseconds=0} => 2032-10-21 11:37:38.879094+02:00
d.Duration{days=317831,seconds=63464,microseconds=0} + d.Duration{days=1,seconds=1369,microseconds=0} => 317832 days, 18:00:33
d.Duration{days=317831,seconds=63464,microseconds=0} < d.Duration{days=1,seconds=1369,microseconds=0} => false
-d.Duration{days=317831,seconds=63464,microseconds=0} => -317832 days, 6:22:16
d.Duration{days=475491,seconds=40629,microseconds=0} * 1 => 475491 days, 11:17:09
d.Duration{days=475491,seconds=40629,microseconds=0} / 7 => 67927 days, 8:28:09.857143
d.Duration{minutes=0,days=0,milliseconds=0} => 0:00:00
json(d.Duration{days=371257,seconds=10282,microseconds=312258}) => 32076615082.31226
d.DateTime(7719,9,7,11,28,56,751070) < d.DateTime(5197,1,28,11,39,48,0) => false
try(d.strptime,'2043/317','%Y/%j') => 2043-11-13 00:00:00
d.Date(6478,3,16):isoformat() => 6478-03-16
table.concat({d.DateTime(4654,1,14,16,33,35,0):isocalendar()},",") => 4654,2,6
d.DateTime(7226,4,7,4,11,53,0) + d.Duration{days=4,seconds=16838,microseconds=0} => 7226-04-11 08:52:31
d.DateTime(2290,2,28,17,17,57,0) - d.DateTime(8202,11,12,0,23,31,0) => -2159570 days, 16:54:26
d.DateTime(6142,12,30,1,19,1,0):weekday() .. d.DateTime(6142,12,30,1,19,1,0):toordinal() => 62243318
d.DateTime(2028,8,15,12,35,16,565905,tz.utc):astimezone(z 'America/St_Johns') => 2028-08-15 10:05:16.565905-02:30
d.DateTime(1922,1,28,5,47,45,412631,z 'America/New_York'):astimezone(tz.utc) => 1922-01-28 10:47:45.412631+00:00
d.DateTime(1922,1,28,5,47,45,412631,z 'America/New_York') => 1922-01-28 05:47:45.412631-05:00
d.DateTime(1922,1,28,5,47,45,412631,z 'America/New_York') + d.Duration{days=4,seconds=30454,microseconds=0} => 1922-02-01 14:15:19.412631-05:00
d.Duration{days=1,seconds=31558,microseconds=0} + d.Duration{days=-1,seconds=52313,microseconds=508122} => 23:17:51.508122
d.Duration{days=1,seconds=31558,microseconds=0} < d.Duration{days=-1,seconds=52313,microseconds=508122} => false
-d.Duration{days=1,seconds=31558,microseconds=0} => -2 days, 15:14:02
d.Duration{days=0,seconds=1359,microseconds=0} * -8 => -1 day, 20:58:48
d.Duration{days=0,seconds=1359,microseconds=0} / 7 => 0:03:14.142857
d.Duration{minutes=0,weeks=36,days=-62} => 190 days, 0:00:00
json(d.Duration{days=2,seconds=57202,microseconds=0}) => 230002.0
d.DateTime(6004,6,8,18,43,19,884603) < d.DateTime(2946,9,14,11,20,54,0) => false
try(d.strptime,'Thursday August 25 2039 2211','%A %B %d %Y %H%M') => 2039-08-25 22:11:00
d.Date(2308,10,31):isoformat() => 2308-10-31
table.concat({d.DateTime(5779,4,5,0,10,46,0):isocalendar()},",") => 5779,14,1
d.DateTime(4601,2,25,19,48,22,839981) + d.Duration{days=-1,seconds=40117,microseconds=138202} => 4601-02-25 06:56:59.978183
d.DateTime(4752,8,16,14,42,53,0) - d.DateTime(5434,8,10,17,57,3,0) => -249090 days, 20:45:50
d.DateTime(4981,3,9,17,21,0,0):weekday() .. d.DateTime(4981,3,9,17,21,0,0):toordinal() => 41818976
d.DateTime(1966,4,11,6,58,13,439918,tz.utc):astimezone(z 'Europe/Berlin') => 1966-04-11 07:58:13.439918+01:00
d.DateTime(1958,9,8,0,49,46,0,z 'America/New_York'):astimezone(tz.utc) => 1958-09-08 04:49:46+00:00
d.DateTime(1958,9,8,0,49,46,0,z 'America/New_York') => 1958-09-08 00:49:46-04:00
d.DateTime(1958,9,8,0,49,46,0,z 'America/New_York') + d.Duration{days=294,seconds=80831,microseconds=0} => 1959-06-29 23:16:57-04:00
d.Duration{days=0,seconds=43816,microseconds=307628} + d.Duration{days=235436,seconds=2493,microseconds=787975} => 235436 days, 12:51:50.095603
d.Duration{days=0,seconds=43816,microseconds=307628} < d.Duration{days=235436,seconds=2493,microseconds=787975} => true
-d.Duration{days=0,seconds=43816,microseconds=307628} => -1 day, 11:49:43.692372
d.Duration{days=0,seconds=48836,microseconds=0} * -2 => -2 days, 20:52:08
d.Duration{days=0,seconds=48836,microseconds=0} / 1000 => 0:00:48.836000
d.Duration{hours=0,seconds=77.794,microseconds=-78} => 0:01:17.793922
json(d.Duration{days=-289608,seconds=74624,microseconds=0}) => -25022056576.0
d.DateTime(1104,1,31,7,18,56,597583) < d.DateTime(4107,5,27,13,9,19,121016) => true
try(d.strptime,'79118','%y%m%d') => 1979-11-08 00:00:00
d.Date(8751,6,26):isoformat() => 8751-06-26
table.concat({d.DateTime(6532,3,20,17,31,21,0):isocalendar()},",") => 6532,12,4
d.DateTime(3251,12,13,3,28,4,0) + d.Duration{days=497713,seconds=16743,microseconds=0} => 4614-08-23 08:07:07
d.DateTime(3754,2,27,14,13,53,0) - d.DateTime(5918,5,12,12,54,34,0) => -790458 days, 1:19:19
d.DateTime(6901,11,6,13,35,10,13889):weekday() .. d.DateTime(6901,11,6,13,35,10,13889):toordinal() => 62520483
d.DateTime(2004,5,12,1,29,17,0,tz.utc):astimezone(z 'America/New_York') => 2004-05-11 21:29:17-04:00
d.DateTime(1949,12,28,13,5,29,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 1949-12-28 03:05:29+00:00
d.DateTime(1949,12,28,13,5,29,0,z 'Australia/Lord_Howe') => 1949-12-28 13:05:29+10:00
d.DateTime(1949,12,28,13,5,29,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=44364,microseconds=0} => 1949-12-29 01:24:53+10:00
d.Duration{days=485227,seconds=59339,microseconds=0} + d.Duration{days=2,seconds=64102,microseconds=0} => 485230 days, 10:17:21
d.Duration{days=485227,seconds=59339,microseconds=0} < d.Duration{days=2,seconds=64102,microseconds=0} => false
-d.Duration{days=485227,seconds=59339,microseconds=0} => -485228 days, 7:31:01
d.Duration{days=-3,seconds=51262,microseconds=457098} * 4 => -10 days, 8:57:29.828392
d.Duration{days=-3,seconds=51262,microseconds=457098} / 2 => -2 days, 19:07:11.228549
d.Duration{weeks=-79.827362,hours=-90.08604,milliseconds=-32.4368772} => -563 days, 10:55:01.685963
json(d.Duration{days=-1,seconds=27755,microseconds=597483}) => -58644.402517
d.DateTime(6603,1,31,0,49,51,120343) < d.DateTime(1241,11,21,8,37,48,0) => false
try(d.strptime,'sat apr 24 18:22:40 1971','%c') => 1971-04-24 18:22:40
d.Date(3915,3,3):isoformat() => 3915-03-03
table.concat({d.DateTime(4774,8,5,18,57,25,0):isocalendar()},",") => 4774,32,1
d.DateTime(6310,4,13,21,45,20,0) + d.Duration{days=0,seconds=11162,microseconds=0} => 6310-04-14 00:51:22
d.DateTime(9827,3,20,18,2,28,568279) - d.DateTime(6851,9,10,2,7,53,0) => 1086787 days, 15:54:35.568279
d.DateTime(4832,3,14,10,21,21,0):weekday() .. d.DateTime(4832,3,14,10,21,21,0):toordinal() => 61764560
d.DateTime(2023,4,10,11,22,26,383333,tz.utc):astimezone(z 'Asia/Kolkata') => 2023-04-10 16:52:26.383333+05:30
d.DateTime(1906,1,19,9,49,17,0,z 'Asia/Kolkata'):astimezone(tz.utc) => 1906-01-19 04:19:17+00:00
d.DateTime(1906,1,19,9,49,17,0,z 'Asia/Kolkata') => 1906-01-19 09:49:17+05:30
d.DateTime(1906,1,19,9,49,17,0,z 'Asia/Kolkata') + d.Duration{days=0,seconds=63566,microseconds=0} => 1906-01-20 03:28:43+05:30
d.Duration{days=0,seconds=15668,microseconds=0} + d.Duration{days=254055,seconds=62177,microseconds=0} => 254055 days, 21:37:25
d.Duration{days=0,seconds=15668,microseconds=0} < d.Duration{days=254055,seconds=62177,microseconds=0} => true
-d.Duration{days=0,seconds=15668,microseconds=0} => -1 day, 19:38:52
d.Duration{days=0,seconds=68236,microseconds=0} * -8 => -7 days, 16:21:52
d.Duration{days=0,seconds=68236,microseconds=0} / -3 => -1 day, 17:40:54.666667
d.Duration{microseconds=35,weeks=33.57825192,hours=-33} => 233 days, 16:08:46.761251
json(d.Duration{days=-1,seconds=58898,microseconds=0}) => -27502.0
d.DateTime(5776,8,31,11,14,9,822407) < d.DateTime(7177,12,28,13,4,38,0) => true
try(d.strptime,'511023','%y%m%d') => 2051-10-23 00:00:00
d.Date(2859,12,22):isoformat() => 2859-12-22
table.concat({d.DateTime(7846,4,8,1,26,18,0):isocalendar()},",") => 7846,15,3
d.DateTime(309,12,15,22,41,43,0) + d.Duration{days=-3,seconds=15403,microseconds=0} => 0309-12-13 02:58:26
d.DateTime(7767,2,21,5,51,23,0) - d.DateTime(7248,5,15,13,35,13,0) => 189476 days, 16:16:10
d.DateTime(4067,5,5,7,40,8,0):weekday() .. d.DateTime(4067,5,5,7,40,8,0):toordinal() => 31485201
d.DateTime(2014,7,26,4,51,20,0,tz.utc):astimezone(z 'Europe/Berlin') => 2014-07-26 06:51:20+02:00
d.DateTime(2008,5,6,22,42,33,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 2008-05-06 12:12:33+00:00
d.DateTime(2008,5,6,22,42,33,0,z 'Australia/Lord_Howe') => 2008-05-06 22:42:33+10:30
d.DateTime(2008,5,6,22,42,33,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=6717,microseconds=0} => 2008-05-07 00:34:30+10:30
d.Duration{days=-3,seconds=62197,microseconds=203459} + d.Duration{days=0,seconds=23243,microseconds=183247} => -3 days, 23:44:00.386706
d.Duration{days=-3,seconds=62197,microseconds=203459} < d.Duration{days=0,seconds=23243,microseconds=183247} => true
-d.Duration{days=-3,seconds=62197,microseconds=203459} => 2 days, 6:43:22.796541
d.Duration{days=0,seconds=83565,microseconds=0} * 0 => 0:00:00
d.Duration{days=0,seconds=83565,microseconds=0} / 7 => 3:18:57.857143
d.Duration{days=81.255417,hours=12,milliseconds=35} => 81 days, 18:07:48.063800
json(d.Duration{days=0,seconds=4815,microseconds=737540}) => 4815.73754
d.DateTime(277,12,15,13,13,40,0) < d.DateTime(6716,9,20,14,6,40,0) => true
try(d.strptime,'Monday June 19 245 2031','%A %B %d %Y %H%M') => nil
d.Date(8716,6,17):isoformat() => 8716-06-17
table.concat({d.DateTime(9323,12,31,0,48,33,231987):isocalendar()},",") => 9323,52,5
d.DateTime(3398,10,6,0,48,48,0) + d.Duration{days=-4,seconds=52986,microseconds=176257} => 3398-10-02 15:31:54.176257
d.DateTime(938,11,24,9,57,47,0) - d.DateTime(3604,8,22,3,5,1,27220) => -973643 days, 6:52:45.972780
d.DateTime(7505,12,26,5,14,18,102183):weekday() .. d.DateTime(7505,12,26,5,14,18,102183):toordinal() => 12741139
d.DateTime(2025,7,10,23,37,46,0,tz.utc):astimezone(z 'America/New_York') => 2025-07-10 19:37:46-04:00
d.DateTime(1989,1,8,18,59,21,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 1989-01-08 07:59:21+00:00
d.DateTime(1989,1,8,18,59,21,0,z 'Australia/Lord_Howe') => 1989-01-08 18:59:21+11:00
d.DateTime(1989,1,8,18,59,21,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=86261,microseconds=0} => 1989-01-09 18:57:02+11:00
d.Duration{days=0,seconds=17637,microseconds=587641} + d.Duration{days=345054,seconds=19797,microseconds=863627} => 345054 days, 10:23:55.451268
d.Duration{days=0,seconds=17637,microseconds=587641} < d.Duration{days=345054,seconds=19797,microseconds=863627} => true
-d.Duration{days=0,seconds=17637,microseconds=587641} => -1 day, 19:06:02.412359
d.Duration{days=-1,seconds=25215,microseconds=884182} * -5 => 3 days, 12:58:40.579090
d.Duration{days=-1,seconds=25215,microseconds=884182} / 2 => -1 day, 15:30:07.942091
d.Duration{milliseconds=-48,days=-85,hours=0} => -86 days, 23:59:59.952000
json(d.Duration{days=-1,seconds=78333,microseconds=0}) => -8067.0
d.DateTime(2120,3,10,13,4,56,227923) < d.DateTime(2704,5,7,21,50,46,0) => true
try(d.strptime,'Monday April 18 2005 1831','%A %B %d %Y %H%M') => 2005-04-18 18:31:00
d.Date(3580,10,15):isoformat() => 3580-10-15
table.concat({d.DateTime(5507,4,18,9,28,59,0):isocalendar()},",") => 5507,16,4
d.DateTime(3929,4,5,19,55,42,0):strftime '%z|%Z|%c' => ||Fri Apr  5 19:55:42 3929
d.DateTime(9906,7,5,8,2,47,0) + d.Duration{days=0,seconds=10919,microseconds=106428} => 9906-07-05 11:04:46.106428
d.DateTime(9046,5,25,2,6,33,0) - d.DateTime(125,11,29,17,12,30,0) => 3258139 days, 8:54:03
d.DateTime(5168,11,4,8,58,36,0):weekday() .. d.DateTime(5168,11,4,8,58,36,0):toordinal() => 01887516
d.DateTime(1937,11,28,5,43,36,0,tz.utc):astimezone(z 'Asia/Kolkata') => 1937-11-28 11:13:36+05:30
d.DateTime(1968,2,13,18,47,29,137485,z 'America/St_Johns'):astimezone(tz.utc) => 1968-02-13 22:17:29.137485+00:00
d.DateTime(1968,2,13,18,47,29,137485,z 'America/St_Johns') => 1968-02-13 18:47:29.137485-03:30
d.DateTime(1968,2,13,18,47,29,137485,z 'America/St_Johns') + d.Duration{days=299,seconds=35892,microseconds=0} => 1968-12-09 04:45:41.137485-03:30
d.Duration{days=-4,seconds=67158,microseconds=0} + d.Duration{days=227387,seconds=18120,microseconds=569918} => 227383 days, 23:41:18.569918
d.Duration{days=-4,seconds=67158,microseconds=0} < d.Duration{days=227387,seconds=18120,microseconds=569918} => true
-d.Duration{days=-4,seconds=67158,microseconds=0} => 3 days, 5:20:42
d.Duration{days=-404638,seconds=51031,microseconds=78060} * 7 => -2832462 days, 3:13:37.546420
d.Duration{days=-404638,seconds=51031,microseconds=78060} / 7 => -57806 days, 15:44:21.582580
d.Duration{minutes=-22,weeks=37.42,seconds=35.17} => 261 days, 22:12:11.170000
json(d.Duration{days=2,seconds=57878,microseconds=237659}) => 230678.237659
d.DateTime(8864,4,16,0,22,52,897649) < d.DateTime(2375,1,4,22,25,49,0) => false
try(d.strptime,'2013/034','%Y/%j') => 2013-02-03 00:00:00
d.Date(999,3,22):isoformat() => 0999-03-22
table.concat({d.DateTime(4325,2,26,3,59,23,0):isocalendar()},",") => 4325,9,4
d.DateTime(3145,4,19,20,29,28,492640):strftime '%z|%Z|%c' => ||Thu Apr 19 20:29:28 3145
d.DateTime(5132,7,13,13,55,26,0) + d.Duration{days=-1,seconds=30856,microseconds=0} => 5132-07-12 22:29:42
d.DateTime(2066,7,26,7,1,58,0) - d.DateTime(9611,11,12,16,51,47,621532) => -2755864 days, 14:10:10.378468
d.DateTime(1035,9,6,3,39,23,0):weekday() .. d.DateTime(1035,9,6,3,39,23,0):toordinal() => 6377909
d.DateTime(1987,11,28,4,31,7,0,tz.utc):astimezone(z 'Europe/Berlin') => 1987-11-28 05:31:07+01:00
d.DateTime(2065,12,21,15,32,49,971921,z 'America/New_York'):astimezone(tz.utc) => 2065-12-21 20:32:49.971921+00:00
d.DateTime(2065,12,21,15,32,49,971921,z 'America/New_York') => 2065-12-21 15:32:49.971921-05:00
d.DateTime(2065,12,21,15,32,49,971921,z 'America/New_York') + d.Duration{days=0,seconds=11173,microseconds=0} => 2065-12-21 18:39:02.971921-05:00
d.Duration{days=0,seconds=60638,microseconds=0} + d.Duration{days=-1,seconds=86114,microseconds=643360} => 16:45:52.643360
d.Duration{days=0,seconds=60638,microseconds=0} < d.Duration{days=-1,seconds=86114,microseconds=643360} => false
-d.Duration{days=0,seconds=60638,microseconds=0} => -1 day, 7:09:22
d.Duration{days=2,seconds=23312,microseconds=0} * -1 => -3 days, 17:31:28
d.Duration{days=2,seconds=23312,microseconds=0} / -3 => -1 day, 5:50:29.333333
d.Duration{seconds=14.8312,microseconds=41.3645,milliseconds=0} => 0:00:14.831241
json(d.Duration{days=0,seconds=82692,microseconds=192428}) => 82692.192428
d.DateTime(3057,7,27,16,51,30,0) < d.DateTime(5194,11,22,4,56,13,250222) => true
try(d.strptime,'1991/179','%Y/%j') => 1991-06-28 00:00:00
d.Date(9388,12,25):isoformat() => 9388-12-25
table.concat({d.DateTime(1409,7,2,0,8,17,302597):isocalendar()},",") => 1409,26,7
d.DateTime(4176,10,30,8,46,10,795161):strftime '%z|%Z|%c' => ||Wed Oct 30 08:46:10 4176
d.DateTime(9541,1,25,6,2,21,194588) + d.Duration{days=0,seconds=29104,microseconds=67152} => 9541-01-25 14:07:25.261740
d.DateTime(2068,10,30,23,58,14,0) - d.DateTime(8683,10,28,13,53,42,645105) => -2416076 days, 10:04:31.354895
d.DateTime(7354,3,29,0,35,42,0):weekday() .. d.DateTime(7354,3,29,0,35,42,0):toordinal() => 42685716
d.DateTime(1998,4,26,17,2,24,0,tz.utc):astimezone(z 'America/St_Johns') => 1998-04-26 14:32:24-02:30
d.DateTime(2033,3,28,20,44,7,0,z 'Asia/Kolkata'):astimezone(tz.utc) => 2033-03-28 15:14:07+00:00
d.DateTime(2033,3,28,20,44,7,0,z 'Asia/Kolkata') => 2033-03-28 20:44:07+05:30
d.DateTime(2033,3,28,20,44,7,0,z 'Asia/Kolkata') + d.Duration{days=0,seconds=58906,microseconds=0} => 2033-03-29 13:05:53+05:30
d.Duration{days=0,seconds=15690,microseconds=0} + d.Duration{days=-137775,seconds=73526,microseconds=914816} => -137774 days, 0:46:56.914816
d.Duration{days=0,seconds=15690,microseconds=0} < d.Duration{days=-137775,seconds=73526,microseconds=914816} => false
-d.Duration{days=0,seconds=15690,microseconds=0} => -1 day, 19:38:30
d.Duration{days=365195,seconds=27167,microseconds=0} * 7 => 2556367 days, 4:49:29
d.Duration{days=365195,seconds=27167,microseconds=0} / 3 => 121731 days, 18:30:55.666667
d.Duration{weeks=45.116576,hours=19.50432,microseconds=0} => 316 days, 15:05:20.716800
json(d.Duration{days=0,seconds=52862,microseconds=642355}) => 52862.642355
d.DateTime(2709,8,29,2,29,30,955561) < d.DateTime(7645,9,5,13,25,35,908582) => true
try(d.strptime,'530323','%y%m%d') => 2053-03-23 00:00:00
d.Date(824,11,5):isoformat() => 0824-11-05
table.concat({d.DateTime(1422,8,17,19,34,22,0):isocalendar()},",") => 1422,33,6
d.DateTime(3437,9,3,0,52,15,0) + d.Duration{days=-37819,seconds=49056,microseconds=0} => 3334-02-16 14:29:51
d.DateTime(4094,11,18,21,19,3,0) - d.DateTime(3517,7,23,1,8,0,0) => 210864 days, 20:11:03
d.DateTime(3536,3,19,11,48,33,0):weekday() .. d.DateTime(3536,3,19,11,48,33,0):toordinal() => 31291210
d.DateTime(1975,11,24,17,12,29,0,tz.utc):astimezone(z 'America/New_York') => 1975-11-24 12:12:29-05:00
d.DateTime(2020,7,2,2,8,48,0,z 'Asia/Kolkata'):astimezone(tz.utc) => 2020-07-01 20:38:48+00:00
d.DateTime(2020,7,2,2,8,48,0,z 'Asia/Kolkata') => 2020-07-02 02:08:48+05:30
d.DateTime(2020,7,2,2,8,48,0,z 'Asia/Kolkata') + d.Duration{days=0,seconds=49748,microseconds=0} => 2020-07-02 15:57:56+05:30
d.Duration{days=-2,seconds=68199,microseconds=823654} + d.Duration{days=-148796,seconds=18834,microseconds=0} => -148797 days, 0:10:33.823654
d.Duration{days=-2,seconds=68199,microseconds=823654} < d.Duration{days=-148796,seconds=18834,microseconds=0} => false
-d.Duration{days=-2,seconds=68199,microseconds=823654} => 1 day, 5:03:20.176346
d.Duration{days=-1,seconds=58120,microseconds=51570} * -1 => 7:51:19.948430
d.Duration{days=-1,seconds=58120,microseconds=51570} / 3 => -1 day, 21:22:53.350523
d.Duration{seconds=79.096,microseconds=-43,days=-11.93} => -12 days, 1:42:07.095957
json(d.Duration{days=-1,seconds=21004,microseconds=0}) => -65396.0
d.DateTime(1890,3,16,10,22,55,0) < d.DateTime(2824,10,21,6,31,45,292659) => true
try(d.strptime,'2049-03-23 01:02:58.000000','%Y-%m-%d %H:%M:%S.%f') => 2049-03-23 01:02:58
d.Date(4418,11,13):isoformat() => 4418-11-13
table.concat({d.DateTime(692,7,7,6,32,59,67137):isocalendar()},",") => 692,27,4
d.DateTime(8921,2,6,23,28,57,0):strftime '%z|%Z|%c' => ||Thu Feb  6 23:28:57 8921
d.DateTime(7560,3,29,17,36,12,0) + d.Duration{days=0,seconds=65680,microseconds=0} => 7560-03-30 11:50:52
d.DateTime(1288,6,9,22,8,22,0) - d.DateTime(7677,2,4,16,2,8,0) => -2333409 days, 6:06:14
d.DateTime(9033,8,9,8,35,24,0):weekday() .. d.DateTime(9033,8,9,8,35,24,0):toordinal() => 43299091
d.DateTime(2027,11,28,8,3,17,894051,tz.utc):astimezone(z 'America/St_Johns') => 2027-11-28 04:33:17.894051-03:30
d.DateTime(2046,2,4,1,17,11,212344,z 'Europe/Berlin'):astimezone(tz.utc) => 2046-02-04 00:17:11.212344+00:00
d.DateTime(2046,2,4,1,17,11,212344,z 'Europe/Berlin') => 2046-02-04 01:17:11.212344+01:00
d.DateTime(2046,2,4,1,17,11,212344,z 'Europe/Berlin') + d.Duration{days=299,seconds=81611,microseconds=0} => 2046-11-30 23:57:22.212344+01:00
d.Duration{days=2,seconds=4508,microseconds=0} + d.Duration{days=0,seconds=73374,microseconds=0} => 2 days, 21:38:02
d.Duration{days=2,seconds=4508,microseconds=0} < d.Duration{days=0,seconds=73374,microseconds=0} => false
-d.Duration{days=2,seconds=4508,microseconds=0} => -3 days, 22:44:52
d.Duration{days=0,seconds=64322,microseconds=0} * 7 => 5 days, 5:04:14
d.Duration{days=0,seconds=64322,microseconds=0} / 2 => 8:56:01
d.Duration{minutes=16,milliseconds=0,seconds=0} => 0:16:00
json(d.Duration{days=0,seconds=17441,microseconds=0}) => 17441.0
d.DateTime(1050,11,21,14,18,20,0) < d.DateTime(5420,1,15,15,27,12,0) => true
try(d.strptime,'1985/190','%Y/%j') => 1985-07-09 00:00:00
d.Date(5301,5,11):isoformat() => 5301-05-11
table.concat({d.DateTime(4181,1,9,11,14,35,353418):isocalendar()},",") => 4181,2,2
d.DateTime(8469,5,19,12,29,44,594965) + d.Duration{days=0,seconds=31266,microseconds=803464} => 8469-05-19 21:10:51.398429
d.DateTime(9682,3,27,7,46,0,0) - d.DateTime(8973,9,1,1,47,35,0) => 258799 days, 5:58:25
d.DateTime(3990,7,19,8,58,27,192528):weekday() .. d.DateTime(3990,7,19,8,58,27,192528):toordinal() => 31457152
d.DateTime(1954,7,28,5,57,58,0,tz.utc):astimezone(z 'Australia/Lord_Howe') => 1954-07-28 15:57:58+10:00
d.DateTime(2014,12,21,17,1,43,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 2014-12-21 06:01:43+00:00
d.DateTime(2014,12,21,17,1,43,0,z 'Australia/Lord_Howe') => 2014-12-21 17:01:43+11:00
d.DateTime(2014,12,21,17,1,43,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=37690,microseconds=0} => 2014-12-22 03:29:53+11:00
d.Duration{days=-1,seconds=72783,microseconds=0} + d.Duration{days=37007,seconds=58733,microseconds=0} => 37007 days, 12:31:56
d.Duration{days=-1,seconds=72783,microseconds=0} < d.Duration{days=37007,seconds=58733,microseconds=0} => true
-d.Duration{days=-1,seconds=72783,microseconds=0} => 3:46:57
d.Duration{days=-4,seconds=32337,microseconds=0} * -6 => 21 days, 18:06:18
d.Duration{days=-4,seconds=32337,microseconds=0} / 1 => -4 days, 8:58:57
d.Duration{microseconds=-35,minutes=0,hours=0} => -1 day, 23:59:59.999965
json(d.Duration{days=0,seconds=45518,microseconds=481861}) => 45518.481861
d.DateTime(3605,4,7,16,26,44,0) < d.DateTime(1691,4,15,7,27,24,0) => false
try(d.strptime,'Fri Jun  6 16:21:40 2036','%c') => 2036-06-06 16:21:40
d.Date(3355,1,25):isoformat() => 3355-01-25
table.concat({d.DateTime(2478,8,26,5,6,29,0):isocalendar()},",") => 2478,34,5
d.DateTime(9288,7,29,10,51,11,692500) + d.Duration{days=0,seconds=56307,microseconds=445380} => 9288-07-30 02:29:39.137880
d.DateTime(7655,11,28,4,26,44,0) - d.DateTime(2695,1,23,23,1,45,0) => 1811911 days, 5:24:59
d.DateTime(9182,9,29,15,34,20,0):weekday() .. d.DateTime(9182,9,29,15,34,20,0):toordinal() => 23353563
d.DateTime(1972,6,20,2,11,18,0,tz.utc):astimezone(z 'Asia/Kolkata') => 1972-06-20 07:41:18+05:30
d.DateTime(1951,9,1,10,11,15,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 1951-09-01 00:11:15+00:00
d.DateTime(1951,9,1,10,11,15,0,z 'Australia/Lord_Howe') => 1951-09-01 10:11:15+10:00
d.DateTime(1951,9,1,10,11,15,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=1938,microseconds=0} => 1951-09-01 10:43:33+10:00
d.Duration{days=0,seconds=35385,microseconds=221879} + d.Duration{days=0,seconds=12594,microseconds=252372} => 13:19:39.474251
d.Duration{days=0,seconds=35385,microseconds=221879} < d.Duration{days=0,seconds=12594,microseconds=252372} => false
-d.Duration{days=0,seconds=35385,microseconds=221879} => -1 day, 14:10:14.778121
d.Duration{days=1,seconds=32929,microseconds=508258} * -1 => -2 days, 14:51:10.491742
d.Duration{days=1,seconds=32929,microseconds=508258} / 1 => 1 day, 9:08:49.508258
d.Duration{hours=63.032,seconds=20,microseconds=0} => 2 days, 15:02:15.200000
json(d.Duration{days=142580,seconds=13079,microseconds=0}) => 12318925079.0
d.DateTime(9527,11,13,16,53,32,0) < d.DateTime(4386,4,29,14,0,59,0) => false
try(d.strptime,'216-03-1418','%Y-%m-%d%H') => nil
d.Date(6953,5,5):isoformat() => 6953-05-05
table.concat({d.DateTime(2965,7,9,8,0,43,245944):isocalendar()},",") => 2965,28,2
d.DateTime(2749,6,7,19,54,58,517589) + d.Duration{days=2,seconds=65623,microseconds=0} => 2749-06-10 14:08:41.517589
d.DateTime(223,5,23,11,24,32,844738) - d.DateTime(2389,3,17,14,25,34,0) => -791050 days, 20:58:58.844738
d.DateTime(2208,2,16,5,51,46,0):weekday() .. d.DateTime(2208,2,16,5,51,46,0):toordinal() => 1806136
d.DateTime(1994,5,14,17,51,51,844094,tz.utc):astimezone(z 'Asia/Kolkata') => 1994-05-14 23:21:51.844094+05:30
d.DateTime(2027,5,25,10,24,8,384670,z 'America/St_Johns'):astimezone(tz.utc) => 2027-05-25 12:54:08.384670+00:00
d.DateTime(2027,5,25,10,24,8,384670,z 'America/St_Johns') => 2027-05-25 10:24:08.384670-02:30
d.DateTime(2027,5,25,10,24,8,384670,z 'America/St_Johns') + d.Duration{days=0,seconds=4954,microseconds=0} => 2027-05-25 11:46:42.384670-02:30
d.Duration{days=-1,seconds=77709,microseconds=236499} + d.Duration{days=309613,seconds=6982,microseconds=340933} => 309612 days, 23:31:31.577432
d.Duration{days=-1,seconds=77709,microseconds=236499} < d.Duration{days=309613,seconds=6982,microseconds=340933} => true
-d.Duration{days=-1,seconds=77709,microseconds=236499} => 2:24:50.763501
d.Duration{days=-83312,seconds=62707,microseconds=501454} * 2 => -166623 days, 10:50:15.002908
d.Duration{days=-83312,seconds=62707,microseconds=501454} / 1000 => -84 days, 16:31:45.907501
d.Duration{microseconds=13.4937465,days=0,seconds=0} => 0:00:00.000013
json(d.Duration{days=-1,seconds=66660,microseconds=441976}) => -19739.558024
d.DateTime(4816,2,14,9,10,27,662138) < d.DateTime(4556,10,1,14,4,40,978717) => false
try(d.strptime,'28 jun 1975 01:46:23 am','%d %b %Y %I:%M:%S %p') => 1975-06-28 01:46:23
d.Date(6184,8,13):isoformat() => 6184-08-13
table.concat({d.DateTime(305,7,8,19,45,14,0):isocalendar()},",") => 305,27,6
d.DateTime(1967,5,3,13,35,46,0):strftime '%z|%Z|%c' => ||Wed May  3 13:35:46 1967
d.DateTime(9193,5,21,23,39,3,0) + d.Duration{days=256937,seconds=33624,microseconds=208780} => 9896-11-09 08:59:27.208780
d.DateTime(7751,12,15,7,53,9,0) - d.DateTime(9189,10,27,5,20,53,0) => -525170 days, 2:32:16
d.DateTime(9576,6,18,3,54,0,0):weekday() .. d.DateTime(9576,6,18,3,54,0,0):toordinal() => 43497366
d.DateTime(1904,1,28,15,45,4,0,tz.utc):astimezone(z 'Asia/Kolkata') => 1904-01-28 21:06:14+05:21:10
d.DateTime(2060,10,26,20,36,16,0,z 'Asia/Kolkata'):astimezone(tz.utc) => 2060-10-26 15:06:16+00:00
d.DateTime(2060,10,26,20,36,16,0,z 'Asia/Kolkata') => 2060-10-26 20:36:16+05:30
d.DateTime(2060,10,26,20,36,16,0,z 'Asia/Kolkata') + d.Duration{days=0,seconds=56053,microseconds=0} => 2060-10-27 12:10:29+05:30
d.Duration{days=-1,seconds=13275,microseconds=14951} + d.Duration{days=-1,seconds=44239,microseconds=705266} => -2 days, 15:58:34.720217
d.Duration{days=-1,seconds=13275,microseconds=14951} < d.Duration{days=-1,seconds=44239,microseconds=705266} => true
-d.Duration{days=-1,seconds=13275,microseconds=14951} => 20:18:44.985049
d.Duration{days=-466323,seconds=2117,microseconds=692414} * 8 => -3730584 days, 4:42:21.539312
d.Duration{days=-466323,seconds=2117,microseconds=692414} / 1 => -466323 days, 0:35:17.692414
d.Duration{microseconds=0,seconds=0,hours=88.94} => 3 days, 16:56:24
json(d.Duration{days=0,seconds=44806,microseconds=0}) => 44806.0
d.DateTime(2414,3,7,2,19,9,0) < d.DateTime(8807,4,27,19,11,48,0) => true
try(d.strptime,'07 May 2031 06:01:19 PM','%d %b %Y %I:%M:%S %p') => 2031-05-07 18:01:19
d.Date(2877,7,19):isoformat() => 2877-07-19
table.concat({d.DateTime(6624,11,18,5,7,32,0):isocalendar()},",") => 6624,47,4
d.DateTime(4461,3,27,13,26,47,530759):strftime '%z|%Z|%c' => ||Sun Mar 27 13:26:47 4461
d.DateTime(9311,6,7,13,16,39,657359) + d.Duration{days=1,seconds=69593,microseconds=139819} => 9311-06-09 08:36:32.797178
d.DateTime(6824,7,26,3,25,40,0) - d.DateTime(2454,1,13,6,33,23,0) => 1596303 days, 20:52:17
d.DateTime(8535,8,4,4,45,39,0):weekday() .. d.DateTime(8535,8,4,4,45,39,0):toordinal() => 33117195
d.DateTime(1939,5,27,7,29,58,0,tz.utc):astimezone(z 'Europe/Berlin') => 1939-05-27 08:29:58+01:00
d.DateTime(1905,6,24,13,34,23,0,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 1905-06-24 03:34:23+00:00
d.DateTime(1905,6,24,13,34,23,0,z 'Australia/Lord_Howe') => 1905-06-24 13:34:23+10:00
d.DateTime(1905,6,24,13,34,23,0,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=15735,microseconds=0} => 1905-06-24 17:56:38+10:00
d.Duration{days=0,seconds=61725,microseconds=674298} + d.Duration{days=0,seconds=40886,microseconds=0} => 1 day, 4:30:11.674298
d.Duration{days=0,seconds=61725,microseconds=674298} < d.Duration{days=0,seconds=40886,microseconds=0} => false
-d.Duration{days=0,seconds=61725,microseconds=674298} => -1 day, 6:51:14.325702
d.Duration{days=0,seconds=44488,microseconds=630914} * 7 => 3 days, 14:30:20.416398
d.Duration{days=0,seconds=44488,microseconds=630914} / 1 => 12:21:28.630914
d.Duration{milliseconds=23.25414918,weeks=0,days=89} => 89 days, 0:00:00.023254
json(d.Duration{days=-258800,seconds=67460,microseconds=0}) => -22360252540.0
d.DateTime(5917,9,23,1,10,21,553871) < d.DateTime(5187,10,25,16,16,4,297980) => false
try(d.strptime,'Thursday January 28 2038 2138','%A %B %d %Y %H%M') => 2038-01-28 21:38:00
d.Date(8475,10,28):isoformat() => 8475-10-28
table.concat({d.DateTime(8461,7,23,17,4,25,0):isocalendar()},",") => 8461,29,6
d.DateTime(1276,4,13,8,31,26,196007) + d.Duration{days=-1,seconds=23713,microseconds=72907} => 1276-04-12 15:06:39.268914
d.DateTime(3003,10,26,2,21,36,0) - d.DateTime(8173,3,5,12,28,2,262889) => -1888071 days, 13:53:33.737111
d.DateTime(9270,3,22,12,41,54,0):weekday() .. d.DateTime(9270,3,22,12,41,54,0):toordinal() => 53385514
d.DateTime(2025,11,21,0,31,21,0,tz.utc):astimezone(z 'America/New_York') => 2025-11-20 19:31:21-05:00
d.DateTime(2042,1,21,23,26,11,0,z 'Europe/Berlin'):astimezone(tz.utc) => 2042-01-21 22:26:11+00:00
d.DateTime(2042,1,21,23,26,11,0,z 'Europe/Berlin') => 2042-01-21 23:26:11+01:00
d.DateTime(2042,1,21,23,26,11,0,z 'Europe/Berlin') + d.Duration{days=162,seconds=59786,microseconds=0} => 2042-07-03 16:02:37+02:00
d.Duration{days=0,seconds=5905,microseconds=0} + d.Duration{days=-1,seconds=53963,microseconds=748768} => -1 day, 16:37:48.748768
d.Duration{days=0,seconds=5905,microseconds=0} < d.Duration{days=-1,seconds=53963,microseconds=748768} => false
-d.Duration{days=0,seconds=5905,microseconds=0} => -1 day, 22:21:35
d.Duration{days=-467331,seconds=38232,microseconds=0} * -3 => 1401991 days, 16:08:24
d.Duration{days=-467331,seconds=38232,microseconds=0} / -3 => 155776 days, 20:27:36
d.Duration{days=-96.926311,seconds=68.93042,minutes=0} => -97 days, 1:47:15.660020
json(d.Duration{days=-1,seconds=30243,microseconds=0}) => -56157.0
d.DateTime(2970,7,26,12,31,30,639655) < d.DateTime(4106,11,1,11,11,10,0) => true
try(d.strptime,'7:29:03+0432 2009-08-19','%H:%M:%S%z %Y-%m-%d') => 2009-08-19 07:29:03+04:32
d.Date(3053,9,18):isoformat() => 3053-09-18
table.concat({d.DateTime(4697,9,14,10,10,0,0):isocalendar()},",") => 4697,37,2
d.DateTime(5817,4,20,4,29,57,0):strftime '%z|%Z|%c' => ||Sun Apr 20 04:29:57 5817
d.DateTime(5901,9,5,15,12,50,0) + d.Duration{days=3,seconds=28691,microseconds=830062} => 5901-09-08 23:11:01.830062
d.DateTime(9813,6,7,2,50,45,709552) - d.DateTime(5225,3,24,8,12,54,0) => 1675806 days, 18:37:51.709552
d.DateTime(4452,5,24,7,14,7,0):weekday() .. d.DateTime(4452,5,24,7,14,7,0):toordinal() => 41625839
d.DateTime(1993,9,5,8,1,25,470191,tz.utc):astimezone(z 'Europe/Berlin') => 1993-09-05 10:01:25.470191+02:00
d.DateTime(2068,10,10,12,8,5,294956,z 'Australia/Lord_Howe'):astimezone(tz.utc) => 2068-10-10 01:08:05.294956+00:00
d.DateTime(2068,10,10,12,8,5,294956,z 'Australia/Lord_Howe') => 2068-10-10 12:08:05.294956+11:00
d.DateTime(2068,10,10,12,8,5,294956,z 'Australia/Lord_Howe') + d.Duration{days=0,seconds=86177,microseconds=0} => 2068-10-11 12:04:22.294956+11:00
d.Duration{days=4,seconds=11735,microseconds=882154} + d.Duration{days=0,seconds=53111,microseconds=0} => 4 days, 18:00:46.882154
d.Duration{days=4,seconds=11735,microseconds=882154} < d.Duration{days=0,seconds=53111,microseconds=0} => false
-d.Duration{days=4,seconds=11735,microseconds=882154} => -5 days, 20:44:24.117846
d.Duration{days=0,seconds=64723,microseconds=403383} * -9 => -7 days, 6:11:29.369553
d.Duration{days=0,seconds=64723,microseconds=403383} / 1000 => 0:01:04.723403
d.Duration{hours=0,days=-95,minutes=0} => -95 days, 0:00:00
json(d.Duration{days=0,seconds=45753,microseconds=0}) => 45753.0
d.DateTime(5712,4,23,13,28,4,0) < d.DateTime(5921,7,19,14,22,6,100576) => true
try(d.strptime,'2054/075','%Y/%j') => 2054-03-16 00:00:00
d.Date(8912,5,16):isoformat() => 8912-05-16
table.concat({d.DateTime(1790,3,7,0,34,30,0):isocalendar()},",") => 1790,9,7
d.DateTime(9558,8,7,0,52,49,0):strftime '%z|%Z|%c' => ||Thu Aug  7 00:52:49 9558
d.DateTime(6154,11,22,20,25,42,0) + d.Duration{days=-1,seconds=14157,microseconds=0} => 6154-11-22 00:21:39
d.DateTime(1490,8,22,3,13,1,534466) - d.DateTime(3543,4,1,10,42,11,0) => -749700 days, 16:30:50.534466
d.DateTime(2834,11,15,21,30,35,0):weekday() .. d.DateTime(2834,11,15,21,30,35,0):toordinal() => 21035051
d.DateTime(2042,7,20,7,55,26,0,tz.utc):astimezone(z 'America/New_York') => 2042-07-20 03:55:26-04:00
d.DateTime(1939,2,8,16,43,31,0,z 'America/St_Johns'):astimezone(tz.utc) => 1939-02-08 20:13:31+00:00
d.DateTime(1939,2,8,16,43,31,0,z 'America/St_Johns') => 1939-02-08 16:43:31-03:30
d.DateTime(1939,2,8,16,43,31,0,z 'America/St_Johns') + d.Duration{days=0,seconds=16546,microseconds=0} => 1939-02-08 21:19:17-03:30
d.Duration{days=270112,seconds=37439,microseconds=0} + d.Duration{days=-384391,seconds=75241,microseconds=0} => -114278 days, 7:18:00
d.Duration{days=270112,seconds=37439,microseconds=0} < d.Duration{days=-384391,seconds=75241,microseconds=0} => false
-d.Duration{days=270112,seconds=37439,microseconds=0} => -270113 days, 13:36:01
d.Duration{days=0,seconds=82268,microseconds=926912} * 1 => 22:51:08.926912
d.Duration{days=0,seconds=82268,microseconds=926912} / 7 => 3:15:52.703845
d.Duration{days=-76,seconds=89,milliseconds=-79} => -76 days, 0:01:28.921000
json(d.Duration{days=-1,seconds=77967,microseconds=0}) => -8433.0
d.DateTime(1875,10,8,19,13,9,400734) < d.DateTime(3706,9,26,14,33,14,0) => true
try(d.strptime,'2010-11-22 03:36:40.000000','%Y-%m-%d %H:%M:%S.%f') => 2010-11-22 03:36:40
d.Date(5971,1,8):isoformat() => 5971-01-08
table.concat({d.DateTime(103,11,20,13,35,45,426357):isocalendar()},",") => 103,47,2
d.DateTime(1205,11,28,0,15,27,720975):strftime '%z|%Z|%c' => ||Mon Nov 28 00:15:27 1205
d.DateTime(2829,5,18,13,18,44,627109) + d.Duration{days=-1,seconds=51396,microseconds=0} => 2829-05-18 03:35:20.627109
d.DateTime(3619,11,11,6,41,18,0) - d.DateTime(5928,9,27,12,32,57,0) => -843301 days, 18:08:21
d.DateTime(2450,7,1,9,10,25,0):weekday() .. d.DateTime(2450,7,1,9,10,25,0):toordinal() => 4894661
d.DateTime(1922,3,28,15,29,33,0,tz.utc):astimezone(z 'Australia/Lord_Howe') => 1922-03-29 01:29:33+10:00
d.DateTime(2001,9,8,20,50,0,0,z 'Europe/Berlin'):astimezone(tz.utc) => 2001-09-08 18:50:00+00:00
d.DateTime(2001,9,8,20,50,0,0,z 'Europe/Berlin') => 2001-09-08 20:50:00+02:00
d.DateTime(2001,9,8,20,50,0,0,z 'Europe/Berlin') + d.Duration{days=297,seconds=82430,microseconds=0} => 2002-07-03 19:43:50+02:00
d.Duration{days=0,seconds=38536,microseconds=100559} + d.Duration{days=-1,seconds=85541,microseconds=0} => 10:27:57.100559
d.Duration{days=0,seconds=38536,microseconds=100559} < d.Duration{days=-1,seconds=85541,microseconds=0} => false
-d.Duration{days=0,seconds=38536,microseconds=100559} => -1 day, 13:17:43.899441
d.Duration{days=363810,seconds=19666,microseconds=0} * -4 => -1455241 days, 2:08:56
d.Duration{days=363810,seconds=19666,microseconds=0} / 1 => 363810 days, 5:27:46
d.Duration{milliseconds=0,minutes=33.25,weeks=0} => 0:33:15
json(d.Duration{days=-1,seconds=37051,microseconds=832300}) => -49348.1677
d.DateTime(5425,10,24,14,50,25,0) < d.DateTime(4336,5,17,7,17,32,707123) => false
try(d.strptime,'Mon Nov  5 17:58:2 2035','%c') => 2035-11-05 17:58:02
d.Date(8525,10,10):isoformat() => 8525-10-10
table.concat({d.DateTime(3722,7,13,7,21,32,0):isocalendar()},",") => 3722,29,1
d.DateTime(9454,11,10,5,57,56,0):strftime '%z|%Z|%c' => ||Fri Nov 10 05:57:56 9454
d.DateTime(6792,6,19,18,55,53,0) + d.Duration{days=102167,seconds=3916,microseconds=0} => 7072-03-10 20:01:09
d.DateTime(5518,8,8,14,25,49,0) - d.DateTime(8009,12,16,17,49,20,244929) => -909951 days, 20:36:28.755071
d.DateTime(3001,4,2,12,46,30,0):weekday() .. d.DateTime(3001,4,2,12,46,30,0):toordinal() => 31095819
d.DateTime(1996,11,1,1,38,34,0,tz.utc):astimezone(z 'Asia/Kolkata') => 1996-11-01 07:08:34+05:30
d.DateTime(2043,2,26,7,46,4,453750,z 'Europe/Berlin'):astimezone(tz.utc) => 2043-02-26 06:46:04.453750+00:00
d.DateTime(2043,2,26,7,46,4,453750,z 'Europe/Berlin') => 2043-02-26 07:46:04.453750+01:00
d.DateTime(2043,2,26,7,46,4,453750,z 'Europe/Berlin') + d.Duration{days=160,seconds=11377,microseconds=0} => 2043-08-05 10:55:41.453750+02:00
d.Duration{days=-4,seconds=41234,microseconds=0} + d.Duration{days=-5,seconds=58916,microseconds=334671} => -8 days, 3:49:10.334671
d.Duration{days=-4,seconds=41234,microseconds=0} < d.Duration{days=-5,seconds=58916,microseconds=334671} => false
-d.Duration{days=-4,seconds=41234,microseconds=0} => 3 days, 12:32:46
d.Duration{days=-1,seconds=22006,microseconds=0} * -3 => 2 days, 5:39:42
d.Duration{days=-1,seconds=22006,microseconds=0} / 2 => -1 day, 15:03:23
d.Duration{hours=95,weeks=-35.11,days=0} => -242 days, 4:31:12
json(d.Duration{days=3,seconds=85050,microseconds=614543}) => 344250.614543
d.DateTime(2904,10,31,20,25,4,0) < d.DateTime(5569,1,19,2,45,29,0) => true
try(d.strptime,'tuesday may 21 2019 1006','%A %B %d %Y %H%M') => 2019-05-21 10:06:00
d.Date(9816,6,19):isoformat() => 9816-06-19
table.concat({d.DateTime(6245,8,28,5,55,34,560520):isocalendar()},",") => 6245,35,4
d.DateTime(8070,11,23,21,27,12,812866):strftime '%z|%Z|%c' => ||Sun Nov 23 21:27:12 8070
d.DateTime(3520,1,22,1,58,41,0) + d.Duration{days=0,seconds=36094,microseconds=949658} => 3520-01-22 12:00:15.949658
d.DateTime(3970,3,15,7,52,13,989467) - d.DateTime(5807,8,22,9,51,24,593514) => -671111 days, 22:00:49.395953
d.DateTime(4006,1,9,8,27,13,79019):weekday() .. d.DateTime(4006,1,9,8,27,13,79019):toordinal() => 01462805
d.DateTime(1977,2,28,20,55,46,986177,tz.utc):astimezone(z 'Europe/Berlin') => 1977-02-28 21:55:46.986177+01:00
d.DateTime(1949,9,17,3,42,50,978809,z 'Europe/Berlin'):astimezone(tz.utc) => 1949-09-17 01:42:50.978809+00:00
d.DateTime(1949,9,17,3,42,50,978809,z 'Europe/Berlin') => 1949-09-17 03:42:50.978809+02:00
d.DateTime(1949,9,17,3,42,50,978809,z 'Europe/Berlin') + d.Duration{days=299,seconds=33321,microseconds=0} => 1950-07-13 12:58:11.978809+01:00
d.Duration{days=0,seconds=24497,microseconds=0} + d.Duration{days=-4,seconds=70569,microseconds=0} => -3 days, 2:24:26
d.Duration{days=0,seconds=24497,microseconds=0} < d.Duration{days=-4,seconds=70569,microseconds=0} => false
-d.Duration{days=0,seconds=24497,microseconds=0} => -1 day, 17:11:43
d.Duration{days=0,seconds=37651,microseconds=0} * -5 => -3 days, 19:42:25
d.Duration{days=0,seconds=37651,microseconds=0} / 3 => 3:29:10.333333
d.Duration{hours=71.7,days=0,seconds=0} => 2 days, 23:42:00
json(d.Duration{days=-1,seconds=35490,microseconds=0}) => -50910.0
d.DateTime(7907,3,1,22,0,59,545014) < d.DateTime(8805,2,13,3,1,26,0) => true
try(d.strptime,'Sat Nov  1 07:52:15 2014','%c') => 2014-11-01 07:52:15
d.Date(172,9,9):isoformat() => 0172-09-09
table.concat({d.DateTime(6726,3,23,13,27,36,551671):isocalendar()},",") => 6726,12,2
d.DateTime(3852,5,20,18,58,27,0):strftime '%z|%Z|%c' => ||Thu May 20 18:58:27 3852
d.DateTime(7483,5,16,8,32,1,0) + d.Duration{days=-1,seconds=51825,microseconds=531472} => 7483-05-15 22:55:46.531472
d.DateTime(5501,8,17,8,2,39,0) - d.DateTime(2123,6,13,8,40,28,711039) => 1233853 days, 23:22:10.288961
d.DateTime(7008,10,22,9,28,30,624446):weekday() .. d.DateTime(7008,10,22,9,28,30,624446):toordinal() => 52559549
d.DateTime(1979,8,4,9,16,53,0,tz.utc):astimezone(z 'America/New_York') => 1979-08-04 05:16:53-04:00
d.DateTime(2089,9,9,2,23,41,316136,z 'Asia/Kolkata'):astimezone(tz.utc) => 2089-09-08 20:53:41.316136+00:00
d.DateTime(2089,9,9,2,23,41,316136,z 'Asia/Kolkata') => 2089-09-09 02:23:41.316136+05:30
d.DateTime(2089,9,9,2,23,41,316136,z 'Asia/Kolkata') + d.Duration{days=299,seconds=61380,microseconds=0} => 2090-07-05 19:26:41.316136+05:30
d.Duration{days=-452898,seconds=56044,microseconds=289527} + d.Duration{days=-1,seconds=15578,microseconds=751837} => -452899 days, 19:53:43.041364
d.Duration{days=-452898,seconds=56044,microseconds=289527} < d.Duration{days=-1,seconds=15578,microseconds=751837} => true
-d.Duration{days=-452898,seconds=56044,microseconds=289527} => 452897 days, 8:25:55.710473
d.Duration{days=0,seconds=9476,microseconds=901501} * 8 => 21:03:35.212008
d.Duration{days=0,seconds=9476,microseconds=901501} / -3 => -1 day, 23:07:21.032833
d.Duration{weeks=0,minutes=-64,microseconds=0} => -1 day, 22:56:00
json(d.Duration{days=-1,seconds=46905,microseconds=0}) => -39495.0
d.DateTime(8058,5,17,8,37,41,925399) < d.DateTime(7675,6,20,16,31,13,0) => false
try(d.strptime,'Monday June 11 1979 0422','%A %B %d %Y %H%M') => 1979-06-11 04:22:00
d.Date(7767,12,3):isoformat() => 7767-12-03
table.concat({d.DateTime(3690,6,2,6,39,25,0):isocalendar()},",") => 3690,22,5
d.DateTime(3146,3,8,19,11,2,547329):strftime '%z|%Z|%c' => ||Fri Mar  8 19:11:02 3146
d.DateTime(8754,9,7,19,10,40,0) + d.Duration{days=-1,seconds=728,microseconds=160836} => 8754-09-06 19:22:48.160836
d.DateTime(8736,5,4,18,20,33,0) - d.DateTime(3795,5,19,23,14,10,0) => 1804647 days, 19:06:23
d.DateTime(3382,2,9,17,36,31,831306):weekday() .. d.DateTime(3382,2,9,17,36,31,831306):toordinal() => 51234925
d.DateTime(1909,8,12,12,45,14,0,tz.utc):astimezone(z 'Australia/Lord_Howe') => 1909-08-12 22:45:14+10:00
d.DateTime(2012,12,23,5,21,58,0,z 'Europe/Berlin'):astimezone(tz.utc) => 2012-12-23 04:21:58+00:00
d.DateTime(2012,12,23,5,21,58,0,z 'Europe/Berlin') => 2012-12-23 05:21:58+01:00
d.DateTime(2012,12,23,5,21,58,0,z 'Europe/Berlin') + d.Duration{days=299,seconds=70261,microseconds=0} => 2013-10-19 00:52:59+02:00
d.Duration{days=0,seconds=21167,microseconds=675962} + d.Duration{days=0,seconds=31921,microseconds=0} => 14:44:48.675962
d.Duration{days=0,seconds=21167,microseconds=675962} < d.Duration{days=0,seconds=31921,microseconds=0} => true
-d.Duration{days=0,seconds=21167,microseconds=675962} => -1 day, 18:07:12.324038
d.Duration{days=-5,seconds=72203,microseconds=178442} * 6 => -25 days, 0:20:19.070652
d.Duration{days=-5,seconds=72203,microseconds=178442} / 3 => -2 days, 14:41:07.726147
d.Duration{days=56,seconds=0,milliseconds=73} => 56 days, 0:00:00.073000
json(d.Duration{days=-4,seconds=58034,microseconds=163810}) => -287565.83619
d.DateTime(1810,12,19,12,22,10,297840) < d.DateTime(1114,3,1,23,4,40,0) => false
try(d.strptime,'2035-01-0917','%Y-%m-%d%H') => 2035-01-09 17:00:00
d.Date(7611,9,24):isoformat() => 7611-09-24
table.concat({d.DateTime(5716,11,1,20,54,22,887982):isocalendar()},",") => 5716,44,7
d.DateTime(6531,5,7,16,49,48,0):strftime '%z|%Z|%c' => ||Mon May  7 16:49:48 6531
d.DateTime(5714,2,14,23,16,19,0) + d.Duration{days=-1,seconds=69832,microseconds=129321} => 5714-02-14 18:40:11.129321
d.DateTime(578,5,23,3,4,51,0) - d.DateTime(2693,8,26,21,14,5,0) => -772584 days, 5:50:46
d.DateTime(9164,5,14,1,31,7,0):weekday() .. d.DateTime(9164,5,14,1,31,7,0):toordinal() => 33346851
d.DateTime(2042,4,3,18,20,53,0,tz.utc):astimezone(z 'Asia/Kolkata') => 2042-04-03 23:50:53+05:30
d.DateTime(1974,2,7,2,38,17,0,z 'America/New_York'):astimezone(tz.utc) => 1974-02-07 06:38:17+00:00
d.DateTime(1974,2,7,2,38,17,0,z 'America/New_York') => 1974-02-07 02:38:17-04:00
d.DateTime(1974,2,7,2,38,17,0,z 'America/New_York') + d.Duration{days=299,seconds=47906,microseconds=0} => 1974-12-03 15:56:43-05:00
d.Duration{days=1,seconds=3198,microseconds=517623} + d.Duration{days=-1,seconds=27239,microseconds=708602} => 8:27:18.226225
d.Duration{days=1,seconds=3198,microseconds=517623} < d.Duration{days=-1,seconds=27239,microseconds=708602} => false
-d.Duration{days=1,seconds=3198,microseconds=517623} => -2 days, 23:06:41.482377
d.Duration{days=3,seconds=33444,microseconds=660434} * -7 => -24 days, 6:58:07.376962
d.Duration{days=3,seconds=33444,microseconds=660434} / 1000 => 0:04:52.644660
d.Duration{microseconds=-62.81553,minutes=59,hours=53.7} => 2 days, 6:40:59.999937
json(d.Duration{days=-3,seconds=6641,microseconds=0}) => -252559.0
d.DateTime(5741,9,13,8,19,37,242053) < d.DateTime(7101,6,27,4,17,5,0) => true
try(d.strptime,'2058/204','%Y/%j') => 2058-07-23 00:00:00
d.Date(7881,12,31):isoformat() => 7881-12-31
table.concat({d.DateTime(624,6,19,0,58,10,304653):isocalendar()},",") => 624,25,6
d.DateTime(3828,3,28,3,58,23,0) + d.Duration{days=-1,seconds=5679,microseconds=0} => 3828-03-27 05:33:02
d.DateTime(5433,2,4,19,9,26,0) - d.DateTime(2288,12,19,21,8,44,0) => 1148368 days, 22:00:42
d.DateTime(4985,7,4,11,55,26,0):weekday() .. d.DateTime(4985,7,4,11,55,26,0):toordinal() => 01820554
d.DateTime(2063,5,3,1,53,57,0,tz.utc):astimezone(z 'America/St_Johns') => 2063-05-02 23:23:57-02:30
d.DateTime(2021,7,22,15,5,16,0,z 'America/New_York'):astimezone(tz.utc) => 2021-07-22 19:05:16+00:00
d.DateTime(2021,7,22,15,5,16,0,z 'America/New_York') => 2021-07-22 15:05:16-04:00
d.DateTime(2021,7,22,15,5,16,0,z 'America/New_York') + d.Duration{days=174,seconds=23503,microseconds=0} => 2022-01-12 21:36:59-05:00
d.Duration{days=3,seconds=63685,microseconds=134975} + d.Duration{days=-1,seconds=46042,microseconds=0} => 3 days, 6:28:47.134975
d.Duration{days=3,seconds=63685,microseconds=134975} < d.Duration{days=-1,seconds=46042,microseconds=0} => false
-d.Duration{days=3,seconds=63685,microseconds=134975} => -4 days, 6:18:34.865025
d.Duration{days=-2,seconds=66696,microseconds=0} * -8 => 9 days, 19:47:12
d.Duration{days=-2,seconds=66696,microseconds=0} / 7 => -1 day, 19:47:22.285714
d.Duration{days=40,hours=77,weeks=27} => 232 days, 5:00:00
json(d.Duration{days=-1,seconds=19187,microseconds=0}) => -67213.0
d.DateTime(2817,1,13,1,59,35,0) < d.DateTime(4624,10,31,0,36,45,0) => true
try(d.strptime,'17 Mar 1996 02:14:08 PM','%d %b %Y %I:%M:%S %p') => 1996-03-17 14:14:08
d.Date(5589,7,8):isoformat() => 5589-07-08
table.concat({d.DateTime(7328,3,6,4,21,57,0):isocalendar()},",") => 7328,10,6
d.DateTime(5844,1,17,21,0,27,430369) + d.Duration{days=-1,seconds=63881,microseconds=0} => 5844-01-17 14:45:08.430369
d.DateTime(8132,5,14,9,45,0,0) - d.DateTime(4201,8,18,15,54,19,0) => 1435672 days, 17:50:41
d.DateTime(4998,5,28,11,29,18,221480):weekday() .. d.DateTime(4998,5,28,11,29,18,221480):toordinal() => 01825265
d.DateTime(2097,11,4,14,58,9,0,tz.utc):astimezone(z 'America/St_Johns') => 2097-11-04 11:28:09-03:30
d.DateTime(2016,8,3,16,34,14,0,z 'America/St_Johns'):astimezone(tz.utc) => 2016-08-03 19:04:14+00:00
d.DateTime(2016,8,3,16,34,14,0,z 'America/St_Johns') => 2016-08-03 16:34:14-02:30
d.DateTime(2016,8,3,16,34,14,0,z 'America/St_Johns') + d.Duration{days=160,seconds=85942,microseconds=0} => 2017-01-11 16:26:36-03:30
d.Duration{days=187624,seconds=24059,microseconds=446069} + d.Duration{days=0,seconds=51334,microseconds=230641} => 187624 days, 20:56:33.676710
d.Duration{days=187624,seconds=24059,microseconds=446069} < d.Duration{days=0,seconds=51334,microseconds=230641} => false
-d.Duration{days=187624,seconds=24059,microseconds=446069} => -187625 days, 17:19:00.553931
d.Duration{days=303608,seconds=64418,microseconds=189417} * -2 => -607218 days, 12:12:43.621166
d.Duration{days=303608,seconds=64418,microseconds=189417} / 7 => 43372 days, 16:16:14.027060
d.Duration{weeks=0,minutes=95.540109,seconds=-7} => 1:35:25.406540
json(d.Duration{days=0,seconds=63251,microseconds=0}) => 63251.0
d.DateTime(3152,7,29,20,38,57,359880) < d.DateTime(5687,9,5,11,54,25,175168) => true
try(d.strptime,'223/079','%Y/%j') => nil
]]
