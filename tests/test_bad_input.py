"""Mistakes in files and options: each gets one clear line on standard error, exit code 2 and no traceback.

Each table holds one mistake a row: a name, what is wrong, and pieces that the line has to contain: the place, the
value, and what is allowed or the nearest valid name.
"""

import copy
import importlib.util
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import pdsim
from pdsim import cli, comparison, files, record

# Content of plan.toml, which `pdsim check` reads.
IN_SCENARIOS = [
    # not TOML, or no section of it
    ("half-a-line", "[staff]\nschools = \n", ["not valid TOML", "line 2"]),
    ("unclosed-text", 'title = "our hub\n', ["not valid TOML", "line 1"]),
    ("prose", "Dear team,\nhere is our plan", ["not valid TOML", "line 1"]),
    ("key-twice", "[staff]\nschools = 1\nschools = 2\n", ["not valid TOML", "line 3"]),
    ("section-twice", "[staff]\n[staff]\n", ["not valid TOML", "line 2"]),
    ("number-of-5000-digits", f"[staff]\nschools = {'9' * 5000}\n", ["not valid TOML", "thousands of digits"]),
    ("nested-5000-deep", f"title = {'[' * 5000}{']' * 5000}", ["not valid TOML", "nested too deeply"]),
    ("unknown-section", "[programm]\nsessions = 3\n", ["programm", "no such section", "'programme'"]),
    ("unknown-section-far", "[qqqq]\n", ["qqqq", "no such section", "pdsim new"]),
    ("section-of-section", "[channels]\nnorms = true\n", ["channels", "'collaboration.channels'"]),
    ("section-not-a-table", "staff = 3\n", ["staff: 3", "not a table", "[staff]"]),
    ("section-is-a-list", "[[staff]]\nschools = 2\n", ["staff:", "not a table", "[staff]"]),
    ("subsection-not-a-table", "[collaboration]\nchannels = true\n", ["collaboration.channels: true", "not a table"]),
    ("theory-not-a-table", 'theory = "mint"\n', ["theory: 'mint'", "not a table", "[theory]"]),
    ("name-is-not-for-files", 'name = "ours"\n', ["name", "no such key"]),
    ("staffroom-is-not-for-files", "[staffroom]\nties_given = true\n", ["staffroom", "no such section"]),
    ("staffroom-as-a-number", "staffroom = 3\n", ["staffroom", "no such key"]),
    # unknown keys
    ("misspelt-key", "[staff]\nexprtise = 0.3\n", ["staff.exprtise", "no such key", "'expertise'"]),
    ("capital-key", "[staff]\nSchools = 3\n", ["staff.Schools", "'schools'"]),
    ("unknown-key-far", "[staff]\nqqqq = 3\n", ["staff.qqqq", "no such key", "pdsim new"]),
    ("key-in-wrong-section", "[staff]\nsessions = 3\n", ["staff.sessions", "belongs to [programme]"]),
    ("key-of-two-sections", "[school]\nschools = 3\n", ["school.schools", "[staff] or [partners]"]),
    ("key-without-section", "sessions = 3\n", ["sessions", "belongs to [programme]"]),
    ("assumption-in-wrong-section", "[programme]\ndiscernment = 1\n", ["programme.discernment", "[theory]"]),
    ("assumption-without-section", "discernment = 1\n", ["discernment", "belongs to [theory]"]),
    ("title-below-a-section", '[staff]\ntitle = "ours"\n', ["staff.title", "top of the file"]),
    ("extends-below-a-section", '[staff]\nextends = "no-pd"\n', ["staff.extends", "top of the file"]),
    ("unknown-channel", "[collaboration.channels]\nnorm = false\n", ["collaboration.channels.norm", "'norms'"]),
    ("key-of-100000-letters", f"[staff]\n{'a' * 100_000} = 1\n", ["staff.aaa", "no such key"]),
    ("key-with-control-characters", '[staff]\n"a\\u001b[31m\\nb" = 1\n', ["staff.a\\x1b", "no such key"]),
    # wrong types
    ("text-for-number", '[staff]\nschools = "three"\n', ["staff.schools: 'three'", "whole number, 1 to 20000"]),
    ("text-with-number", '[programme]\nhours = "2"\n', ["programme.hours: '2'", "0 to 12 hours"]),
    ("fraction-for-whole", "[staff]\nschools = 2.5\n", ["staff.schools: 2.5", "whole number"]),
    ("float-for-whole", "[programme]\nsessions = 3.0\n", ["programme.sessions: 3.0", "whole number"]),
    ("switch-for-whole", "[staff]\nschools = true\n", ["staff.schools: true", "whole number"]),
    ("switch-for-number", "[programme]\nhours = false\n", ["programme.hours: false", "0 to 12"]),
    ("list-for-number", "[programme]\nhours = [1, 2]\n", ["programme.hours: [1, 2]", "0 to 12"]),
    ("table-for-number", "[programme.hours]\na = 1\n", ["programme.hours: a table", "0 to 12"]),
    ("date-for-number", "[programme]\nhours = 2024-01-31\n", ["programme.hours: 2024-01-31", "0 to 12"]),
    ("list-for-word", '[programme]\nformat = ["solo"]\n', ["programme.format: ['solo']", "solo, collaborative"]),
    ("number-for-word", "[programme]\nwho = 3\n", ["programme.who: 3", "everyone, volunteers"]),
    ("number-for-switch", "[collaboration.channels]\nnorms = 0\n", ["channels.norms: 0", "true or false"]),
    ("word-for-switch", '[collaboration.channels]\nnorms = "no"\n', ["channels.norms: 'no'", "true or false"]),
    ("number-for-file", "[network]\nedges = 3\n", ["network.edges: 3", "name of a CSV file"]),
    ("number-for-title", "title = 3\n", ["title: 3", "allowed is text"]),
    ("list-for-source", 'source = ["a", "b"]\n', ["source: ['a', 'b']", "allowed is text"]),
    ("deep-table-for-title", f"title{'.a' * 1000} = 3\n", ["title: a table", "allowed is text"]),
    ("hex-of-5000-digits", f"[staff]\nschools = 0x{'f' * 5000}\n", ["staff.schools", "too long to show", "20000"]),
    ("long-text-for-number", f'[staff]\nschools = "{"x" * 10_000}"\n', ["staff.schools: 'xxx", "...", "20000"]),
    ("lines-for-word", '[programme]\nformat = "so\\nlo\\u0007"\n', ["programme.format: 'so\\nlo\\x07'", "'solo'"]),
    # out of range
    ("below-whole", "[staff]\nschools = 0\n", ["staff.schools: 0", "1 to 20000 schools"]),
    ("above-whole", "[staff]\nteachers_per_school = 2001\n", ["staff.teachers_per_school: 2001", "2 to 2000"]),
    ("negative-whole", "[programme]\nsessions = -1\n", ["programme.sessions: -1", "0 to 117"]),
    ("below-number", "[programme]\nhours = -0.5\n", ["programme.hours: -0.5", "0 to 12"]),
    ("above-share", "[staff]\nexpert_share = 1.01\n", ["staff.expert_share: 1.01", "0 to 1"]),
    ("percentage-for-share", "[staff]\nexpert_share = 30\n", ["staff.expert_share: 30", "0 to 1"]),
    ("negative-share", "[programme]\nfidelity = -0.1\n", ["programme.fidelity: -0.1", "0 to 1"]),
    ("years-above", "[evaluation]\nyears = 11\n", ["evaluation.years: 11", "1 to 10 years"]),
    ("not-a-number", "[staff]\nexpertise = nan\n", ["staff.expertise: nan", "0.02 to 0.98"]),
    ("infinite", "[costs]\ncover_per_hour = inf\n", ["costs.cover_per_hour: inf", "0 to 500"]),
    ("minus-infinite", "[programme]\nvalue = -inf\n", ["programme.value: -inf", "-1 to 2"]),
    ("huge-exponent", "[programme]\nvalue = 1e400\n", ["programme.value: inf", "-1 to 2"]),
    ("huge-whole", f"[staff]\nschools = 1{'0' * 400}\n", ["staff.schools: 1000", "...", "1 to 20000"]),
    ("huge-whole-for-number", f"[programme]\nhours = 1{'0' * 400}\n", ["programme.hours: 1000", "0 to 12"]),
    # words and mechanisms
    ("unknown-format", '[programme]\nformat = "colaborative"\n', ["'colaborative'", "solo", "'collaborative'"]),
    ("unknown-who", '[programme]\nwho = "volunters"\n', ["programme.who", "champions", "mean 'volunteers'"]),
    ("unknown-teams", '[collaboration]\nteams = "pairs"\n', ["collaboration.teams: 'pairs'", "expert-novice-pairs"]),
    ("unknown-attendance", '[programme]\nattendance = ""\n', ["programme.attendance: ''", "required, voluntary"]),
    (
        "unknown-mechanism",
        '[programme]\nmechanisms = ["modeling technique"]\n',
        ["programme.mechanisms", "'modeling technique'", "'modelling the technique'"],
    ),
    (
        "number-for-mechanism",
        "[programme]\nmechanisms = [7]\n",
        ["programme.mechanisms", "no mechanism 7", "14 of the EEF review"],
    ),
    ("word-for-mechanisms", '[programme]\nmechanisms = "all"\n', ["programme.mechanisms: 'all'", "a list"]),
    (
        "mechanism-twice",
        f"[programme]\nmechanisms = {['modelling the technique'] * 2}\n",
        ["programme.mechanisms", "'modelling the technique'", "twice"],
    ),
    (
        "unknown-carrier",
        '[programme.carriers]\n"modelling the technique" = "peer"\n',
        ["programme.carriers.modelling the technique: 'peer'", "facilitator, materials, self, peers", "mean 'peers'"],
    ),
    ("number-for-carrier", '[programme.carriers]\n"modelling the technique" = 3\n', [".modelling the technique: 3"]),
    (
        "carrier-for-unknown-mechanism",
        '[programme.carriers]\n"modelling" = "peers"\n',
        ["programme.carriers", "no mechanism 'modelling'"],
    ),
    ("list-for-carriers", '[programme]\ncarriers = ["peers"]\n', ["programme.carriers: ['peers']", "a table"]),
    # keys that do not fit together
    ("programme-too-long", "[programme]\nsessions = 10\nweeks_between = 13\n", ["sessions", "week 119", "3 years"]),
    ("too-many-teachers", "[staff]\nschools = 20000\nteachers_per_school = 31\n", ["620,000", "600,000"]),
    ("more-schools-than-there-are", "[programme]\nschools_taking_part = 2\n", ["schools_taking_part: 2", "0 to 1"]),
    # assumptions
    ("unknown-assumption", "[theory]\ndisernment = 1\n", ["theory.disernment", "no such", "'discernment'"]),
    ("assumption-above", "[theory]\ndiscernment = 1.5\n", ["theory.discernment: 1.5", "0 to 1"]),
    ("assumption-below", "[theory]\npeer_strength = -9\n", ["theory.peer_strength: -9", "-1.5 to 1.5"]),
    ("assumption-not-a-number", "[theory]\ndiscernment = nan\n", ["theory.discernment: nan", "0 to 1"]),
    ("assumption-huge", f"[theory]\ndiscernment = 1{'0' * 400}\n", ["theory.discernment: 1000", "0 to 1"]),
    ("assumption-hex", f"[theory]\ndiscernment = 0x{'f' * 5000}\n", ["theory.discernment", "too long to show"]),
    ("text-for-assumption", '[theory]\ndiscernment = "high"\n', ["theory.discernment: 'high'", "0 to 1"]),
    ("switch-for-assumption", "[theory]\ndiscernment = true\n", ["theory.discernment: true", "0 to 1"]),
    ("table-for-assumption", "[theory.discernment]\na = 1\n", ["theory.discernment: a table", "0 to 1"]),
    # extends
    ("extends-misspelt", 'extends = "maths-hubb"\n', ["extends", "'maths-hubb'", "'maths-hub'"]),
    ("extends-itself", 'extends = "plan"\n', ["extends", "cycle", "plan -> plan"]),
    ("extends-itself-by-detour", 'extends = "./plan.toml"\n', ["extends", "cycle", "plan -> plan"]),
    ("extends-a-number", "extends = 3\n", ["extends: 3", "not the name"]),
    ("extends-a-list", 'extends = ["no-pd"]\n', ["extends: ['no-pd']", "not the name"]),
    ("extends-nothing", 'extends = ""\n', ["extends", "''"]),
    ("extends-a-folder", 'extends = "."\n', ["extends", "'.'"]),
    ("extends-a-long-name", f'extends = "{"x" * 5000}"\n', ["extends", "'xxx"]),
    ("extends-a-zero-byte", 'extends = "a\\u0000b"\n', ["extends", "'a\\x00b'"]),
    # staffroom files named in a scenario
    ("ties-file-missing", '[network]\nedges = "advice.csv"\n', ["network.edges", "advice.csv", "no such file"]),
    ("teacher-file-missing", '[staff]\nteachers = "who.csv"\n', ["staff.teachers", "who.csv", "no such file"]),
    ("ties-file-is-a-folder", '[network]\nedges = "."\n', ["network.edges", "no such file"]),
    ("ties-file-is-this-file", '[network]\nedges = "plan.toml"\n', ["plan.toml", "line 1", "column"]),
]

# Content of advice.csv, the ties of a scenario without a teacher table.
IN_TIES = [
    ("empty-file", "", ["is empty", "from, to"]),
    ("blank-lines", "\n\n , \n", ["is empty", "from, to"]),
    ("header-only", "from,to\n", ["no rows"]),
    ("no-header", "T1,T2\nT2,T1\n", ["line 1", "'t1'", "from, to, weight"]),
    ("misspelt-column", "form,to\nT1,T2\n", ["line 1", "'form'", "'from'"]),
    ("missing-column", "from,weight\nT1,1\n", ["line 1", "no column 'to'"]),
    ("unknown-column", "from,to,subject\nT1,T2,art\n", ["line 1", "'subject'", "from, to, weight"]),
    ("column-twice", "from,to,to\nT1,T2,T2\n", ["line 1", "'to' stands twice"]),
    ("semicolons", "from;to\nT1;T2\n", ["line 1", "commas", "';'"]),
    ("tabs", "from\tto\nT1\tT2\n", ["line 1", "commas"]),
    ("short-row", "from,to\nT1,T2\nT3\n", ["line 3", "1;", "2"]),
    ("long-row", "from,to\nT1,T2,T3\n", ["line 2", "3;", "2"]),
    ("empty-id", "from,to\nT1,\n", ["line 2", "to: is empty"]),
    ("self-tie", "from,to\nT1,T2\n\nT2,T2\n", ["line 4", "'T2'", "between two"]),
    ("tie-twice", "from,to\nT1,T2\nT1,T2\n", ["line 3", "'T1'", "'T2'", "twice"]),
    ("weight-zero", "from,to,weight\nT1,T2,0\n", ["line 2", "weight: '0'", "1e-06 to 1000"]),
    ("weight-negative", "from,to,weight\nT1,T2,-2\n", ["line 2", "weight: '-2'", "1e-06 to 1000"]),
    ("weight-not-a-number", "from,to,weight\nT1,T2,nan\n", ["line 2", "weight: 'nan'", "1e-06 to 1000"]),
    ("weight-infinite", "from,to,weight\nT1,T2,1e999\n", ["line 2", "weight: '1e999'", "1e-06 to 1000"]),
    ("weight-text", "from,to,weight\nT1,T2,often\n", ["line 2", "weight: 'often'", "not a number"]),
    ("weight-comma", 'from,to,weight\nT1,T2,"1,5"\n', ["line 2", "weight: '1,5'", "not a number"]),
    ("unclosed-quote", 'from,to\n"T1,T2\nT2,T1\n', ["line 3", "not a CSV file"]),
    ("cell-of-a-megabyte", f"from,to\n{'x' * 1_000_000},T2\n", ["not a CSV file", "field limit"]),
    ("line-after-a-long-cell", 'from,to\n"T\n1",T2\nT2,T2\n', ["line 4", "'T2'"]),
    ("control-characters", "from,to\na\x1b[31m,a\x1b[31m\n", ["line 2", "'a\\x1b[31m'"]),
    ("too-many", "from,to\n" + "".join(f"a{i},b{i}\n" for i in range(2501)), ["5002", "2 to 5000"]),
]

# Content of teachers.csv, beside advice.csv with a tie from Ann to Bob.
IN_TEACHERS = [
    ("teacher-twice", "teacher\nAnn\nBob\nAnn\n", ["teachers.csv", "line 4", "'Ann'", "twice"]),
    ("teacher-empty", "teacher,school\nAnn,A\n,A\n", ["teachers.csv", "line 3", "teacher: is empty"]),
    ("teacher-unknown", "teacher\nAnn\nBobby\n", ["advice.csv", "line 2", "to:", "'Bob'", "'Bobby'"]),
    ("teacher-alone", "teacher\nAnn\n", ["teachers.csv", "1;", "2 to 5000"]),
    ("school-of-one", "teacher,school\nAnn,A\nBob,A\nCid,B\n", ["teachers.csv", "'B'", "one teacher"]),
    ("school-empty", "teacher,school\nAnn,A\nBob,\nCid,A\n", ["teachers.csv", "line 3", "school: is empty"]),
    ("no-teacher-column", "name\nAnn\nBob\n", ["teachers.csv", "line 1", "'name'", "teacher"]),
    ("years-column-misspelt", "teacher,years\nAnn,3\n", ["line 1", "'years'", "'years_of_experience'"]),
    ("years-negative", "teacher,years_of_experience\nAnn,-1\nBob,2\n", ["line 2", "experience: '-1'", "0 to 60"]),
    ("years-not-a-number", "teacher,years_of_experience\nAnn,nan\nBob,2\n", ["line 2", "'nan'", "0 to 60"]),
    ("years-text", "teacher,years_of_experience\nAnn,ten\nBob,2\n", ["line 2", "'ten'", "0 to 60"]),
    ("years-999", "teacher,years_of_experience\nAnn,3\nBob,999\n", ["line 3", "'999'", "0 to 60"]),
    ("staff-too-large", "teacher\n" + "".join(f"t{i}\n" for i in range(5001)), ["5001", "2 to 5000"]),
]

# Content of world.toml, named by --theory.
IN_THEORIES = [
    ("not-toml", "discernment 1\n", ["world.toml", "not valid TOML", "line 1"]),
    ("unknown", "discernmnt = 1\n", ["world.toml", "discernmnt", "'discernment'"]),
    ("out-of-range", "[theory]\ndiscernment = 2\n", ["world.toml", "discernment: 2", "0 to 1"]),
    ("wrong-type", 'discernment = "x"\n', ["world.toml", "discernment: 'x'", "0 to 1"]),
    ("not-a-table", "theory = 3\n", ["world.toml", "theory: 3", "[theory]"]),
    ("outside", "discernment = 1\n[theory]\nhelping = 0.1\n", ["world.toml", "discernment", "outside [theory]"]),
]

# Arguments of the command line, in a folder where notes.txt is a text file and plan.toml a good scenario.
IN_OPTIONS = [
    ("unknown-command", "comparre no-pd", ["'comparre'", "'compare'"]),
    ("unknown-option", "compare no-pd --replicate 3", ["--replicate", "--replicates"]),
    ("unknown-general-option", "--verbose list", ["--verbose"]),
    ("no-design", "compare", ["Missing argument", "pdsim compare --help"]),
    ("no-file", "check", ["Missing argument", "pdsim check --help"]),
    ("too-much", "list everything", ["everything", "pdsim list --help"]),
    ("option-without-value", "compare no-pd --seed", ["--seed", "requires an argument"]),
    ("misspelt-scenario", "compare maths-hubs", ["'maths-hubs'", "'maths-hub'", "pdsim list"]),
    ("unknown-scenario", "compare qqqq", ["'qqqq'", "no scenario of that name"]),
    ("empty-scenario", "compare ''", ["''", "no scenario of that name"]),
    ("long-scenario", f"compare {'x' * 5000}", ["'xxx", "no scenario of that name"]),
    ("missing-scenario-file", "compare nowhere/plan.toml", ["nowhere/plan.toml", "no such file"]),
    ("text-for-scenario", "compare notes.txt", ["notes.txt", "not valid TOML", "line 1"]),
    ("folder-for-scenario", "compare .", [".: is a directory", "file is needed"]),
    ("below-a-file", "compare notes.txt/plan.toml", ["notes.txt/plan.toml"]),
    ("misspelt-baseline", "compare no-pd --baseline no-pdd", ["'no-pdd'", "'no-pd'"]),
    ("replicates-zero", "compare no-pd --replicates 0", ["--replicates: 0", "1 to 100,000"]),
    ("replicates-negative", "compare no-pd --replicates -1", ["--replicates: -1", "1 to 100,000"]),
    ("replicates-text", "compare no-pd --replicates abc", ["--replicates", "'abc'", "whole number"]),
    ("replicates-exponent", "compare no-pd --replicates 1e9", ["--replicates", "'1e9'", "whole number"]),
    ("replicates-huge", "compare no-pd --replicates 1000000000", ["--replicates: 1000000000", "100,000"]),
    ("replicates-5000-digits", f"compare no-pd --replicates {'9' * 5000}", ["--replicates", "whole number"]),
    ("seed-negative", "compare no-pd --seed -1", ["--seed: -1", "0 to 4294967295"]),
    ("seed-large", f"compare no-pd --seed {2**32}", ["--seed: 4294967296", "0 to 4294967295"]),
    ("seed-fraction", "compare no-pd --seed 1.5", ["--seed", "'1.5'", "whole number"]),
    ("years-zero", "compare no-pd --years 0", ["--years: 0", "1 to 10"]),
    ("years-eleven", "compare no-pd --years 11", ["--years: 11", "1 to 10"]),
    ("years-text", "compare no-pd --years two", ["--years", "'two'", "whole number"]),
    ("theory-misspelt", "compare no-pd --theory posterier", ["--theory", "'posterier'", "mean 'posterior'"]),
    ("theory-capital", "compare no-pd --theory Mint", ["--theory", "'Mint'", "mean 'mint'"]),
    ("theory-empty", "compare no-pd --theory ''", ["--theory", "''", "posterior, prior, point"]),
    ("theory-missing-file", "compare no-pd --theory world.toml", ["world.toml", "no such file"]),
    ("theory-folder", "compare no-pd --theory .", ["is a directory"]),
    ("theory-text", "compare no-pd --theory notes.txt", ["notes.txt", "not valid TOML"]),
    ("set-without-equals", "compare no-pd --set staff.schools", ["--set", "'staff.schools'", "key=value"]),
    ("set-without-key", "compare no-pd --set =3", ["--set", "'=3'", "key=value"]),
    ("set-unknown-key", "compare no-pd --set staff.shools=3", ["--set", "staff.shools", "'staff.schools'"]),
    ("set-unknown-assumption", "compare no-pd --set theory.discern=1", ["--set", "theory.discern", "'discernment'"]),
    ("set-wrong-type", "compare no-pd --set staff.schools=many", ["--set", "staff.schools: 'many'", "1 to 20000"]),
    ("set-nothing", "compare no-pd --set staff.schools=", ["--set", "staff.schools: ''", "1 to 20000"]),
    ("set-two-lines", "compare no-pd --set 'staff.schools=3\nhours=1'", ["--set", "staff.schools", "1 to 20000"]),
    ("set-out-of-range", "compare no-pd --set staff.expert_share=3", ["--set", "staff.expert_share: 3", "0 to 1"]),
    ("set-assumption-out-of-range", "compare no-pd --set theory.helping=9", ["--set", "theory.helping: 9", "0 to 0.5"]),
    ("set-section", "compare no-pd --set staff=3", ["--set", "staff", "whole section", "staff.schools"]),
    ("set-theory", "compare no-pd --set theory=3", ["--set", "theory", "whole section"]),
    ("set-name", "compare no-pd --set name=ours", ["--set", "name", "no such key"]),
    ("set-extends", "compare no-pd --set extends=maths-hub", ["--set", "extends", "no such key"]),
    ("set-staffroom", "compare no-pd --set staffroom=3", ["--set", "staffroom", "no such key"]),
    ("set-below-a-key", "compare no-pd --set staff.schools.x=3", ["--set", "staff.schools.x", "no such key"]),
    ("set-huge", f"compare no-pd --set staff.schools={'9' * 5000}", ["--set", "staff.schools", "1 to 20000"]),
    ("set-deep", f"compare no-pd --set staff.schools={'[' * 3000}", ["--set", "staff.schools", "1 to 20000"]),
    ("set-unknown-carrier", "compare no-pd --set programme.carriers.x=peers", ["--set", "no mechanism 'x'"]),
    ("set-missing-ties", "compare no-pd --set network.edges=x.csv", ["--set", "network.edges", "x.csv", "no such"]),
    (
        "set-too-long-programme",
        "compare no-pd --set programme.sessions=117 --set programme.weeks_between=2",
        ["3 years"],
    ),
    ("out-onto-a-file", "compare no-pd --out notes.txt", ["--out notes.txt", "is a file"]),
    ("out-below-a-file", "compare no-pd --out notes.txt/results", ["--out notes.txt/results", "cannot be written"]),
    ("out-where-nothing-can-be", "compare no-pd --out /proc/pdsim", ["--out /proc/pdsim", "cannot be written"]),
    ("out-too-long", f"compare no-pd --out {'x' * 5000}", ["--out xxx", "cannot be written"]),
    ("new-without-name", "new", ["Missing argument", "pdsim new --help"]),
    ("new-empty", "new ''", ["''", "letters, digits"]),
    ("new-elsewhere", "new ../plan", ["'../plan'", "letters, digits"]),
    ("new-in-a-folder", "new sub/plan", ["'sub/plan'", "letters, digits"]),
    ("new-dots", "new ..", ["'..'", "letters, digits"]),
    ("new-control-character", "new 'a\x1b[31mb'", ["'a\\x1b[31mb'", "letters, digits"]),
    ("new-quote", "new 'our\"hub'", ["our", "letters, digits"]),
    ("new-two-lines", "new 'our\nhub'", ["'our\\nhub'", "letters, digits"]),
    ("new-long", f"new {'x' * 300}", ["'xxx", "letters, digits"]),
    ("new-there-already", "new plan", ["plan", "is there already"]),
    ("new-there-already-with-ending", "new plan.toml", ["plan", "is there already"]),
    ("new-shipped", "new maths-hub", ["maths-hub", "is there already"]),
    ("replay-nothing", "replay", ["Missing argument"]),
    ("replay-missing", "replay nowhere", ["nowhere", "no such file"]),
    ("replay-folder-without-manifest", "replay .", ["manifest.json", "no such file"]),
    ("replay-text", "replay notes.txt", ["notes.txt", "not valid JSON", "line 1"]),
    ("replay-scenario", "replay plan.toml", ["plan.toml", "not valid JSON"]),
    ("replay-long", f"replay {'x' * 5000}", ["xxx"]),
]
IN_EVALUATION = [
    ("misspelt-scenario", "evaluate maths-hubs", ["'maths-hubs'", "'maths-hub'"]),
    ("no-design", "evaluate", ["Missing argument", "pdsim evaluate --help"]),
    ("two-designs", "evaluate no-pd solo-course", ["solo-course"]),
    ("no-programme", "evaluate no-pd", ["no-pd", "programme.sessions"]),
    ("replicates", "evaluate solo-course --replicates 0", ["--replicates: 0", "1 to 100,000"]),
    ("years", "evaluate solo-course --years 11", ["--years: 11", "1 to 10"]),
    ("seed", "evaluate solo-course --seed x", ["--seed", "'x'", "whole number"]),
    ("theory", "evaluate solo-course --theory mnit", ["--theory", "'mnit'", "'mint'"]),
    ("set", "evaluate solo-course --set staff.schools=0", ["--set", "staff.schools: 0", "1 to 20000"]),
]
IN_ODD = [
    ("misspelt-scenario", "odd maths-hubs", ["'maths-hubs'", "'maths-hub'"]),
    ("folder", "odd .", ["is a directory"]),
]

# Bytes of plan.toml that are no text, or no text in UTF-8.
IN_BYTES = [
    ("latin-1", 'title = "ok"\nsays = "École"\n'.encode("latin-1"), ["plan.toml", "line 2", "UTF-8"]),
    ("utf-16", "[staff]\nschools = 2\n".encode("utf-16"), ["plan.toml", "line 1", "UTF-8"]),
    ("utf-16-without-mark", "[staff]\nschools = 2\n".encode("utf-16-le"), ["plan.toml", "line 1", "UTF-8"]),
    ("zero-bytes", b"[staff]\n\0\0\0", ["plan.toml", "line 2", "UTF-8"]),
    ("picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ["plan.toml", "line 1", "UTF-8"]),
    ("6-megabytes", b"# nothing\n" * 600_000, ["plan.toml", "larger than 5 MB"]),
    ("control-character", b"[staff]\nschools = 2 \x07\n", ["plan.toml", "not valid TOML", "line 2"]),
]

# Changes to a good manifest: path, value.
IN_MANIFESTS = [
    ("other-kind", ["kind"], "a diary", ["kind: 'a diary'", "pdsim comparison"]),
    ("no-request", ["request"], None, ["request"]),
    ("request-is-text", ["request"], "please", ["request: 'please'"]),
    ("no-designs", ["request", "designs"], [], ["request.designs"]),
    ("designs-are-numbers", ["request", "designs"], [1, 2], ["request.designs.0: 1"]),
    ("replicates-text", ["request", "replicates"], "8", ["request.replicates: '8'"]),
    ("replicates-fraction", ["request", "replicates"], 2.5, ["request.replicates: 2.5"]),
    ("replicates-huge", ["request", "replicates"], 10**9, ["1000000000", "1 to 100,000"]),
    ("seed-negative", ["request", "seed"], -1, ["seed: -1", "0 to 4294967295"]),
    ("seed-huge", ["request", "seed"], 10**400, ["manifest.json: request: --seed: 1000", "0 to 4294967295"]),
    ("years-many", ["request", "years"], 99, ["years: 99", "1 to 10"]),
    ("years-missing", ["request", "years"], None, ["request.years"]),
    ("theory-unknown", ["request", "theory"], "postrior", ["'postrior'", "'posterior'"]),
    ("theory-number", ["request", "theory"], 3, ["request.theory: 3"]),
    ("staff-zero", ["request", "designs", 0, "staff", "schools"], 0, ["request.designs.0.staff.schools: 0"]),
    ("staff-nan", ["request", "designs", 0, "staff", "expertise"], float("nan"), ["designs.0.staff.expertise"]),
    ("key-added", ["request", "designs", 0, "staff", "cats"], 3, ["request.designs.0.staff.cats"]),
    ("word-unknown", ["request", "baseline", "programme", "who"], "cats", ["baseline.programme.who: 'cats'"]),
    ("assumption-unknown", ["request", "designs", 0, "theory"], {"discern": 1}, ["theory.discern", "'discernment'"]),
    ("assumption-high", ["request", "designs", 0, "theory"], {"discernment": 7}, ["theory.discernment: 7", "0 to 1"]),
    ("assumption-of-a-file", ["request", "assumptions"], {"discernment": 9}, ["theory.discernment: 9", "0 to 1"]),
    ("too-long", ["request", "designs", 0, "programme", "first_week"], 116, ["solo-course", "at most 3 years"]),
    ("staffroom-text", ["request", "designs", 0, "staffroom"], "x", ["request.designs.0.staffroom: 'x'"]),
    (
        "staffroom-ties",
        ["request", "designs", 0, "staffroom"],
        {
            "ids": ["a", "b"], "schools": ["", ""], "departments": ["", ""], "years": [None, 3.0],
            "ties": [["a", "z", 1.0]], "ties_given": True,
        },
        ["staffroom", "two teachers"],
    ),
    (
        "staffroom-lengths",
        ["request", "designs", 0, "staffroom"],
        {"ids": ["a", "b"], "schools": [], "departments": [], "years": [], "ties": [], "ties_given": False},
        ["staffroom", "differ in length"],
    ),
    ("results-text", ["result", "results"], "fine", ["result.results: 'fine'"]),
    ("results-of-lists", ["result", "results"], [[1, 2]], ["result.results.0: [1, 2]"]),
    ("cell-is-a-table", ["result", "pairs"], [{"a": {"b": 1}}], ["result.pairs.0.a"]),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with a text file and a good scenario."""
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("Dear diary,\nnothing here is TOML or JSON\n")
    Path("plan.toml").write_text('extends = "solo-course"\n')
    return tmp_path


@pytest.fixture(scope="module")
def manifest():
    """The record of a small comparison."""
    return json.loads(json.dumps(record.manifest(pdsim.compare(["solo-course"], replicates=4, years=1))))


@pytest.fixture
def complaint(folder, monkeypatch, capsys):
    """Run the command line with a mistake; the one line that it prints."""

    def run(*arguments: str) -> str:
        before = contents(folder)
        monkeypatch.setattr(sys, "argv", ["pdsim", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        assert end.value.code == 2
        assert printed.out == ""
        assert contents(folder) == before
        return one_clear_line(printed.err)

    return run


def one_clear_line(text: str) -> str:
    assert text.endswith("\n")
    line = text.removesuffix("\n")
    assert line.startswith("pdsim: ")
    assert line.isprintable()
    assert "Traceback" not in line
    assert len(line) < 400
    return line


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def rows(table: list) -> list:
    """A table of mistakes as parameters, each under its name."""
    assert len({row[0] for row in table}) == len(table)
    return [pytest.param(*row[1:], id=row[0]) for row in table]


def assert_says(line: str, pieces: list[str]) -> None:
    missing = [piece for piece in pieces if piece not in line]
    assert not missing, line


@pytest.mark.parametrize(("text", "said"), rows(IN_SCENARIOS))
def test_scenario_file(text, said, complaint):
    Path("plan.toml").write_text(text, encoding="utf-8")
    assert_says(complaint("check", "plan.toml"), ["plan.toml", *said])


@pytest.mark.parametrize(("content", "said"), rows(IN_BYTES))
def test_bytes(content, said, complaint):
    Path("plan.toml").write_bytes(content)
    assert_says(complaint("check", "plan.toml"), said)


@pytest.mark.parametrize(("content", "said"), rows(IN_BYTES[:5]))
def test_bytes_of_a_csv_file(content, said, complaint):
    Path("plan.toml").write_text('[network]\nedges = "advice.csv"\n')
    Path("advice.csv").write_bytes(content)
    assert_says(complaint("check", "plan.toml"), ["advice.csv", *said[1:]])


@pytest.mark.parametrize(("text", "said"), rows(IN_TIES))
def test_ties(text, said, complaint):
    Path("plan.toml").write_text('[network]\nedges = "advice.csv"\n')
    Path("advice.csv").write_text(text, encoding="utf-8", newline="")
    assert_says(complaint("check", "plan.toml"), ["advice.csv", *said])


@pytest.mark.parametrize(("text", "said"), rows(IN_TEACHERS))
def test_teachers(text, said, complaint):
    Path("plan.toml").write_text('[staff]\nteachers = "teachers.csv"\n[network]\nedges = "advice.csv"\n')
    Path("teachers.csv").write_text(text, encoding="utf-8", newline="")
    Path("advice.csv").write_text("from,to\nAnn,Bob\n")
    assert_says(complaint("check", "plan.toml"), said)


@pytest.mark.parametrize(("text", "said"), rows(IN_THEORIES))
def test_theory_file(text, said, complaint):
    Path("world.toml").write_text(text)
    assert_says(complaint("compare", "no-pd", "--theory", "world.toml"), said)


@pytest.mark.parametrize(("arguments", "said"), rows(IN_OPTIONS))
def test_options(arguments, said, complaint):
    assert_says(complaint(*shlex.split(arguments)), said)


@pytest.mark.skipif(importlib.util.find_spec("pdsim.evaluation") is None, reason="there is no evaluation yet")
@pytest.mark.parametrize(("arguments", "said"), rows(IN_EVALUATION))
def test_evaluation(arguments, said, complaint):
    assert_says(complaint(*shlex.split(arguments)), said)


@pytest.mark.skipif(importlib.util.find_spec("pdsim.odd") is None, reason="there is no description yet")
@pytest.mark.parametrize(("arguments", "said"), rows(IN_ODD))
def test_odd(arguments, said, complaint):
    assert_says(complaint(*shlex.split(arguments)), said)


@pytest.mark.parametrize(("path", "value", "said"), rows(IN_MANIFESTS))
def test_manifest(path, value, said, manifest, complaint):
    changed = copy.deepcopy(manifest)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    Path("manifest.json").write_text(json.dumps(changed))
    assert_says(complaint("replay", "manifest.json"), said)


@pytest.mark.parametrize(
    ("text", "said"),
    rows(
        [
            ("empty", "", ["not valid JSON"]),
            ("list", "[1, 2]", ["[1, 2]"]),
            ("number", "3", ["3"]),
            ("other-table", '{"name": "x"}', ["kind: is missing"]),
            ("nested-100000-deep", "[" * 100_000, ["not valid JSON"]),
            ("number-of-5000-digits", '{"kind": ' + "9" * 5000 + "}", ["not valid JSON"]),
            ("half-a-character", '{"kind": "\\ud800"}', ["not valid JSON"]),
        ]
    ),
)
def test_replay_of_other_json(text, said, complaint):
    Path("manifest.json").write_text(text)
    assert_says(complaint("replay", "."), ["manifest.json", *said])


def test_truncated_manifest(manifest, complaint):
    text = json.dumps(manifest, indent=1)
    Path("manifest.json").write_text(text[: len(text) // 2])
    assert_says(complaint("replay", "."), ["manifest.json", "not valid JSON", "line"])


def test_extends_in_a_circle(complaint):
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        Path(f"{name}.toml").write_text(f'extends = "{parent}"\n')
    assert_says(complaint("check", "a.toml"), ["extends", "cycle", "a -> b -> c -> a"])


def test_extends_too_deep(complaint):
    for depth in range(30):
        Path(f"s{depth}.toml").write_text(f'extends = "s{depth + 1}"\n')
    Path("s30.toml").write_text("")
    assert_says(complaint("check", "s0.toml"), ["extends", "more than 20"])


def test_mistake_in_a_parent_is_shown_where_it_stands(complaint):
    Path("below.toml").write_text("[staff]\nshools = 3\n")
    Path("plan.toml").write_text('extends = "below"\n[staff]\nschools = 4\n')
    assert_says(complaint("check", "plan.toml"), ["below.toml: staff.shools", "'schools'"])


def test_extends_a_neighbour_by_nearly_its_name(complaint):
    Path("north-hub.toml").write_text("")
    Path("plan.toml").write_text('extends = "north-hubb"\n')
    assert_says(complaint("check", "plan.toml"), ["plan.toml", "extends", "'north-hub'"])


def test_links_in_a_circle(complaint):
    os.symlink("one.toml", "two.toml")
    os.symlink("two.toml", "one.toml")
    assert_says(complaint("check", "one.toml"), ["one.toml", "cannot be read"])


def test_endless_file(complaint):
    os.symlink("/dev/zero", "endless.toml")
    assert_says(complaint("check", "endless.toml"), ["endless.toml", "larger than 5 MB"])


def test_no_arguments_teach(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pdsim"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = capsys.readouterr()
    assert end.value.code == 2
    assert printed.out == ""
    assert "Compare PD designs" in printed.err
    assert "Start with:" in printed.err


def test_first_mistake_of_each_file_is_shown(folder, monkeypatch, capsys):
    Path("a.toml").write_text("[staff]\nschools = 0\nteachers_per_school = 0\n")
    Path("b.toml").write_text("[staf]\n")
    monkeypatch.setattr(sys, "argv", ["pdsim", "check", "a.toml", "plan.toml", "b.toml"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = capsys.readouterr()
    assert end.value.code == 2
    assert printed.out.startswith("plan.toml: good")
    first, second = printed.err.splitlines()
    assert_says(one_clear_line(first + "\n"), ["a.toml", "staff.schools: 0"])
    assert_says(one_clear_line(second + "\n"), ["b.toml", "'staff'"])


def test_what_looks_odd_and_is_allowed(folder):
    Path("empty.toml").write_text("")
    assert pdsim.scenario("empty.toml").staff == pdsim.scenario("no-pd").staff
    Path("marked.toml").write_bytes(b"\xef\xbb\xbf[staff]\r\nschools = 2\r\n")
    assert pdsim.scenario("marked.toml").staff.schools == 2
    Path("ties.csv").write_bytes(b"\xef\xbb\xbfFrom , To,Weight\r\n\r\nT1, T2 ,\r\nT2,T1,2\r\n")
    room = pdsim.scenario("empty.toml", {"network.edges": "ties.csv"}).staffroom
    assert room.ids == ("T1", "T2")
    assert room.ties == (("T1", "T2", 0.5), ("T2", "T1", 1.0))
    Path("none.toml").write_text('[network]\nedges = ""\n[staff]\nteachers = ""\n')
    assert pdsim.scenario("none.toml").staffroom is None


def test_changing_the_staffroom_of_a_scenario_reads_the_new_files(folder):
    Path("a.csv").write_text("from,to\nT1,T2\n")
    Path("b.csv").write_text("from,to\nT1,T2\nT2,T3\n")
    scenario = pdsim.scenario("plan.toml", {"network.edges": "a.csv"})
    assert len(scenario.with_(**{"network.edges": "b.csv"}).staffroom.ids) == 3
    with pytest.raises(pdsim.InputError, match="no such file"):
        scenario.with_(**{"network.edges": "c.csv"})


def test_brackets_in_names_are_text(folder, monkeypatch, capsys):
    Path("plan.toml").rename("plan[v2] :cat:.toml")
    monkeypatch.setattr(record, "save", lambda result, out: None)
    command = ["pdsim", "compare", "plan[v2] :cat:.toml", "--replicates", "2", "--years", "1", "--out", "a[/b]"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = capsys.readouterr().out
    assert end.value.code == 0
    assert "plan[v2] :cat:" in printed
    assert "a[/b]" in printed


def test_new_does_not_follow_a_link_that_leads_nowhere(complaint):
    os.symlink("elsewhere.toml", "ours.toml")
    assert_says(complaint("new", "ours"), ["ours", "is there already"])


def test_mistake_with_out_leaves_no_folder_and_changes_no_file(complaint):
    Path("results").mkdir()
    Path("results/manifest.json").write_text("older")
    for out in ("results", "fresh"):
        complaint("compare", "no-pd", "--theory", "mnit", "--out", out)
        complaint("compare", "no-pdd", "--out", out)
    assert not Path("fresh").exists()


def test_results_are_written_all_or_none(folder):
    Path("manifest.json").write_text("older")
    Path("results.csv").write_text("older")
    Path("runs.csv").mkdir()
    before = contents(folder)
    with pytest.raises(pdsim.InputError, match=r"cannot be written to \(runs\.csv is a directory\)"):
        files.write_files(folder, {"results.csv": b"newer", "runs.csv": b"newer", "manifest.json": b"newer"})
    assert contents(folder) == before


def test_disk_that_fills_up_keeps_older_files(folder, monkeypatch):
    Path("results.csv").write_text("older")
    before = contents(folder)
    written = []

    def full(handle):
        written.append(handle)
        if len(written) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(pdsim.InputError, match="No space left on device"):
        files.write_files(folder, {"results.csv": b"newer", "runs.csv": b"newer"})
    assert contents(folder) == before


def test_python_users_get_the_same_lines(folder):
    plan = pdsim.scenario("plan.toml")
    with pytest.raises(pdsim.InputError, match=r"plan: staff\.shools: no such key; did you mean 'staff\.schools'"):
        plan.with_(**{"staff.shools": 3})
    with pytest.raises(pdsim.InputError, match=r"plan: staff\.schools: 'x' is not allowed"):
        plan.with_(**{"staff.schools": "x"})
    with pytest.raises(pdsim.InputError, match=r"plan: theory\.helping: 9 is out of range"):
        plan.with_(**{"theory.helping": 9})
    assert comparison.resolve([Path("plan.toml"), "plan.toml", plan], Path("plan.toml")).baseline == plan
    with pytest.raises(pdsim.InputError, match="--replicates: 0"):
        comparison.compare([plan], replicates=0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    rows(
        [
            ("scenario", ["check", "missing.toml"], "no such file"),
            ("command", ["comparre"], "'compare'"),
            ("option", ["compare", "no-pd", "--years", "many"], "'many' is not a whole number"),
            ("bytes-in-a-name", ["check", b"\xff\x1b.toml"], "not UTF-8 text"),
        ]
    ),
)
def test_real_process(arguments, said, folder):
    ran = subprocess.run([sys.executable, "-m", "pdsim", *arguments], capture_output=True, check=False, cwd=folder)
    assert ran.returncode == 2
    assert ran.stdout == b""
    assert said in one_clear_line(ran.stderr.decode())


def test_full_disk_behind_a_pipe_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "pdsim", "list"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 1
    one_clear_line(ran.stderr.decode())
