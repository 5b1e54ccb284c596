"""The shell tree: what a script means to the shell, whatever shape tree-sitter gives it."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from deadweight.syntax import shell, shell_nodes, shell_plain, shell_reader
from deadweight.syntax.shell import (
    Block,
    Chain,
    Command,
    Node,
    Pipeline,
    Redirect,
    StatementList,
    Word,
    alternatives,
    commands,
    is_valid,
    nested,
    parse,
    program,
    walk,
)
from deadweight.syntax.shell_tree import KnownCommands


def outline(script: str) -> str:
    """The tree on one line: `a && <b | c>`, `if[condition: a;][branch: b;]`, `a {2>&1}`."""
    return _statements(parse(script).body)


def _statements(body: StatementList) -> str:
    return " ".join(_outline(item.node) + item.terminator.replace("\n", "¶") for item in body.statements)


def _outline(node: Node) -> str:
    if isinstance(node, Chain):
        rest = "".join(
            f" {operator} {_outline(part)}" for operator, part in zip(node.operators, node.parts[1:], strict=True)
        )
        return f"({_outline(node.parts[0])}{rest})"
    if isinstance(node, Pipeline):
        return "<" + "! " * node.is_negated + " | ".join(map(_outline, node.parts)) + ">"
    redirects = [_redirect(redirect) for redirect in node.redirects]
    if isinstance(node, Command):
        values = [(item.value.text if item.value else "") for item in node.assignments]
        assignments = [
            f"{item.name}:{item.operator}{value}" for item, value in zip(node.assignments, values, strict=True)
        ]
        return " ".join((*assignments, *(word.text for word in node.words), *redirects))
    words = ",".join(word.text for word in node.words)
    head = node.kind + (f" {node.name}" if node.name else "") + (f"({words})" if words else "")
    return head + "".join(f"[{body.role}: {_statements(body)}]" for body in node.bodies) + "".join(redirects)


def _redirect(redirect: Redirect) -> str:
    return f"{{{redirect.descriptor or ''}{redirect.operator}{redirect.target.text if redirect.target else ''}}}"


def command_of(script: str) -> Command:
    node = parse(script).body.statements[0].node
    assert isinstance(node, Command)
    return node


def word_of(text: str) -> Word:
    return command_of(f"echo {text}").words[1]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", ""),
        ("  # only a comment", ""),
        ("a", "a"),
        ("a; b & c", "a; b& c"),
        ("set -eux; \n", "set -eux;"),
        ("a # foo\nb\n", "a¶ b¶"),
        ("a && b || c && d", "(a && b || c && d)"),
        ("a | b 2>&1 | c", "<a | b {2>&1} | c>"),
        ("a |& b", "<a | b>"),
        ("! a && b", "(<! a> && b)"),
        ("a && ! b | c", "(a && <! b | c>)"),
        ("! { a; } && b", "(<! braces[body: a;]> && b)"),
        ("if ! { a; }; then b; fi", "if[condition: <! braces[body: a;]>;][branch: b;]"),
        ("A=1 B=$x/y c d", "A:=1 B:=$x/y c d"),
        ("A= b", "A:= b"),
        ("A=1 B+=2", "A:=1 B:+=2"),
        ("a=(x $y) && x[1]=2", "(a:=(x $y) && x[1]:=2)"),
        ("export X=1 Y; unset Z", "export X=1 Y; unset Z"),
        ("[ ! -f x ] && [[ $a == y && -n $b ]]", "([ ! -f x ] && [[ $a == y && -n $b ]])"),
        ("(( a + 1 ))", "arithmetic( a + 1 )"),
        ("( cd x && make ) | d", "<subshell[body: (cd x && make)] | d>"),
        ("{ a; b; } > f", "braces[body: a; b;]{>f}"),
        (
            "if a; then b; elif c; then d; else e; fi && g",
            "(if[condition: a;][branch: b;][condition: c;][branch: d;][branch: e;] && g)",
        ),
        ("if a; then b; fi > f", "if[condition: a;][branch: b;]{>f}"),
        ("case $x in a|b) c;; *) d ;; esac", "case($x,a,b,*)[branch: c][branch: d]"),
        ("for i in a b*; do c & done", "for i(a,b*)[loop: c&]"),
        ("for i; do c; done", "for i[loop: c;]"),
        ("for ((i=0;i<1;i++)); do a; done", "for(i=0;i<1;i++)[loop: a;]"),
        ("while a; do b; done < f", "while[condition: a;][loop: b;]{<f}"),
        ("until a; do b; done", "until[condition: a;][loop: b;]"),
        ("select x in a; do b; done", "select x(a)[loop: b;]"),
        (
            "function f { a; }; g() ( b )",
            "function f[body: braces[body: a;]]; function g[body: subshell[body: b]]",
        ),
        ("time a b; coproc c", "time a b; coproc c"),
    ],
)
def test_structure(script: str, expected: str) -> None:
    assert outline(script) == expected
    assert is_valid(script)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a && b x > f", "(a && b x {>f})"),
        ("a && b > f | c && d", "(a && <b {>f} | c> && d)"),
        ("a | b > f && c", "(<a | b {>f}> && c)"),
        ("a 2>&1 | tee f || b > g", "(<a {2>&1} | tee f> || b {>g})"),
        ("! a > f", "<! a {>f}>"),
        ("a && (b; c) > f", "(a && subshell[body: b; c]{>f})"),
        ("a > f b >> g c", "a b c {>f} {>>g}"),
        ("> f cat x", "cat x {>f}"),
        ("> f", "{>f}"),
        ("a >&- 2>/dev/null <&3 >| f", "a {>&-} {2>/dev/null} {<&3} {>|f}"),
        ("cat <<< 'x y' z", "cat z {<<<'x y'}"),
        ("cat <<EOF > f x\ny\nEOF\nb", "cat x {<<EOF} {>f}¶ b"),
        ("a && cat <<EOF | b && c > f\nx\nEOF\nd", "(a && <cat {<<EOF} | b> && c {>f})¶ d"),
        ("cat <<EOF >>f || b\nx\nEOF\n", "(cat {<<EOF} {>>f} || b)¶"),
        ("while read a; do b; done <<EOF\nx\nEOF\n", "while[condition: read a;][loop: b;]{<<EOF}¶"),
    ],
)
def test_a_redirect_belongs_to_the_command_it_follows(script: str, expected: str) -> None:
    assert outline(script) == expected
    assert is_valid(script)


@pytest.mark.parametrize(
    ("text", "value", "pattern"),
    [
        ("a.b/c", "a.b/c", "a.b/c"),
        ("'a b'", "a b", "a b"),
        ("\"a\"b'c'\\ d", "abc d", "abc d"),
        ('"a\\"b\\n"', 'a"b\\n', 'a"b\\\\n'),
        ('""', "", ""),
        ("\\;", ";", ";"),
        ("{}", "{}", "{}"),
        ("a\\\nb", "ab", "ab"),
        ("/var/lib/apt/lists/*", None, "/var/lib/apt/lists/*"),
        ("'a*'/*", None, "a\\*/*"),
        ('"$HOME"/.cache/*', None, "$HOME/.cache/*"),
        ("${HOME}/x", None, "${HOME}/x"),
        ("'$HOME'", "$HOME", "\\$HOME"),
        ("~/.cache", None, "~/.cache"),
        ("'~/x'", "~/x", "\\~/x"),
        ("[a-z]", None, "[a-z]"),
        ("{a,'b'}", None, "{a,b}"),
        ("$'a'", None, "$'a'"),
        ("$(a b)x", None, "$(a b)x"),
        ("é😀", "é😀", "é😀"),
    ],
)
def test_the_value_and_the_pattern_of_a_word(text: str, value: str | None, pattern: str) -> None:
    word = word_of(text)
    assert (word.text, word.value, word.pattern) == (text, value, pattern)


def test_a_word_knows_its_variables_and_substitutions() -> None:
    assert word_of('"$A/${B:-$C}$A"').variables == ("A", "B", "C")
    assert not word_of('"$A/${B:-$C}"').has_substitution
    for text in ("$(a)", "`a`", "$((1+2))", "<(a)", "${x:-$(a)}", '"x$(a)"'):
        assert word_of(text).has_substitution, text
    assert not word_of("'$(a)'").has_substitution


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/var/{cache,log}", ["/var/cache", "/var/log"]),
        ("{a,b{1,2}}/{x,y}", ["a/x", "a/y", "b1/x", "b1/y", "b2/x", "b2/y"]),
        ("/x/{,y}", ["/x/", "/x/y"]),
        ("{a,'b,c'}", ["a", "b,c"]),
        ("'{a,b}'", ["\\{a,b\\}"]),
        ("${x,y}{a}{}", ["${x,y}{a}{}"]),
        ("plain", ["plain"]),
        ("{a,b}" * 7, ["{a,b}" * 7]),
        ("{a,b}" * 5_000, ["{a,b}" * 5_000]),
    ],
)
def test_brace_lists(text: str, expected: list[str]) -> None:
    assert list(alternatives(word_of(text))) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a && b; c", ["a", "b", "c"]),
        ("a || b && c", ["a", "b conditional", "c"]),
        ("[ -f a ] && b; c", ["[", "b conditional", "c"]),
        ("[ -f a ] && b", ["[", "b"]),
        ("[ -f a ] && b || c", ["[", "b conditional", "c conditional"]),
        ("if a; then b; elif c; then d; fi", ["a", "b conditional", "c conditional", "d conditional"]),
        ("while a; do b; done", ["a", "b conditional"]),
        ("f() { a; }; f", ["a conditional in_function", "f"]),
        ("(a; b) & c", ["a subshell background", "b subshell background", "c"]),
        ("a | { b; }", ["a in_pipeline", "b in_pipeline"]),
        ("a $(b | c)", ["b subshell in_pipeline in_substitution", "c subshell in_pipeline in_substitution", "a"]),
        ("X=`a` b > $(c)", ["a subshell in_substitution", "c subshell in_substitution", "b"]),
        ("for x in $(a); do b; done", ["a subshell in_substitution", "b conditional"]),
        ("cat <<EOF\n$(a)\nEOF\n", ["a subshell in_substitution", "cat"]),
        ("cat <<'EOF'\n$(a)\nEOF\n", ["cat"]),
    ],
)
def test_the_circumstances_of_each_command(script: str, expected: list[str]) -> None:
    found = []
    for placed in commands(parse(script)):
        flags = [name for name, value in placed._asdict().items() if value is True]
        found.append(" ".join((placed.command.words[0].text, *flags)))
    assert found == expected


def test_ancestors_come_outermost_first() -> None:
    placed = next(iter(commands(parse("{ a | b; } && c"))))
    assert [type(node) for node in placed.ancestors] == [Chain, Block, Pipeline]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("apt-get update", "apt-get update"),
        ("A=1 /usr/bin/apt-get update", "apt-get update"),
        ("sudo -E -u root -- env -i A=1 apt-get update", "apt-get update"),
        ("sudo -unginx A=1 a b", "a b"),
        ("command -v apt-get", "command -v apt-get"),
        ("exec nice -n 10 ionice -c 2 nohup a b", "a b"),
        ("time -p timeout -k 5 300 a b", "a b"),
        ("xargs -0 rm -f", "rm -f"),
        ("xargs -I {} -n1 curl -O {}", "curl -O {}"),
        ("xargs", "xargs"),
        ("gosu app pip install flask", "pip install flask"),
        ("su-exec node:node npm ci", "npm ci"),
        ("runuser -u app -- npm ci", "npm ci"),
        ("runuser -l app -c 'npm ci'", "runuser -l app -c 'npm ci'"),
        ('"$VENV"/bin/pip install', "pip install"),
        ("$CC -c a.c", "None -c a.c"),
        ("env", "env"),
        ("A=1", "None"),
        ("\\cp a b", "cp a b"),
        ("[ -f x ]", "[ -f x ]"),
    ],
)
def test_the_program_behind_wrappers(script: str, expected: str) -> None:
    name, arguments = program(command_of(script))
    assert " ".join((str(name), *(word.text for word in arguments))) == expected


@pytest.mark.parametrize(
    ("script", "inner"),
    [
        ("sh -c 'a && b'", "a && b"),
        ('sudo /bin/bash -eo pipefail -c "a | b"', "a | b"),
        ("bash -lc 'a'", "a"),
        ("bash -s <<'EOF'\na $x\nEOF\n", "a $x\n"),
        ("bash <<EOF\na\nb\nEOF\n", "a\nb\n"),
        ("sh <<-EOF\n\ta\n\tEOF\n", "\ta\n"),
        ("bash <<EOF\na $x\nEOF\n", None),
        ('sh -c "a $x"', None),
        ('sh -c "a \\"b\\""', None),
        ("sh -c a'b'", None),
        ("bash script.sh <<EOF\na\nEOF\n", None),
        ("python -c 'a'", None),
        ("sh script.sh", None),
    ],
)
def test_a_script_for_another_shell(script: str, inner: str | None) -> None:
    found = nested(command_of(script))
    if inner is None:
        assert found is None
        return
    assert found is not None
    assert found.text == inner
    assert script[found.offset : found.offset + len(inner)] == inner


def test_a_heredoc_spans_whole_lines() -> None:
    script = "cat <<-'EOF' > é\n\té $x\n\tEOF\necho"
    command = command_of(script)
    heredoc = command.redirects[0].heredoc
    assert heredoc is not None
    assert script[slice(*command.span)] == "cat <<-'EOF' > é"
    assert script[slice(*heredoc.span)] == heredoc.text == "\té $x\n"
    assert script[slice(*heredoc.terminator)].lstrip("\t") == "EOF"
    assert heredoc.is_literal


@pytest.mark.parametrize(
    "script", ["a &&", "if a; then b", "a; ; b", "echo '", "(", "a )", "time { a; }", "A=$x\\ y b"]
)
def test_a_problem_is_told_and_the_rest_is_read(script: str) -> None:
    read = parse(script)
    assert read.problems
    assert not read.is_opaque
    assert not is_valid(script)


def test_a_command_before_a_problem_is_read() -> None:
    assert outline("apt-get update && rm -rf x &&") == "(apt-get update && rm -rf x)"


def test_a_script_too_long_or_too_deep_is_opaque() -> None:
    for script in ("a " * 40_000, "a|" * 20_000, "( " * 200 + "a" + " )" * 200):
        read = parse(script)
        assert read.is_opaque
        assert not read.body.statements
        assert not is_valid(script)
    assert len(list(walk(parse(" && ".join(["a"] * 5_000))))) == 5_001


def test_without_tree_sitter_a_script_is_opaque(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "load_language", lambda: None)
    assert parse("a script | that no other test reads").is_opaque


FRAGMENTS = re.findall(
    r"\S+",
    "a b && || | ; & ! ( ) { } (( )) [ ] [[ ]] if then elif else fi for in do done while until case esac ;; select"
    " function f() time coproc $x ${x} ${x:-y} $(a) ` ' \" \\ $' $( <( $(( )) > >> 2>&1 < << <<EOF <<-'E' EOF E <<<"
    " * ? ~ {a,b} {1..3} é 😀 \udcff A=1 A= a=( # export [a-z] \x00 \x01",
)


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([*FRAGMENTS, "\n", "\\\n", "\\ ", "\r", "\f"]), max_size=14), st.sampled_from([" ", ""])
)
def test_any_text_gives_a_tree_whose_spans_nest(fragments: list[str], between: str) -> None:
    script = between.join(fragments)
    read = parse(script)
    check_list(read.body, script, 0, len(script))
    assert sorted(id(node) for node in walk(read) if isinstance(node, Command)) == sorted(
        id(placed.command) for placed in commands(read)
    )
    for placed in commands(read):
        program(placed.command)
        nested(placed.command)


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*FRAGMENTS, "\n", "\\ "]), max_size=10))
@example(["a", "'b c'", "$x", ">", "f", "2>&1", "|", "é", "${x:-y}", "&&", "A=1", "a", "$(a)"])
def test_a_command_that_was_read_elsewhere_is_what_it_is_here(fragments: list[str]) -> None:
    script = " ".join(fragments)
    with pytest.MonkeyPatch.context() as patch:
        for text in (script, f"a && {script}", f"é | b; {script}"):
            after_others = shell._parse(text)
            for module in (shell_plain, shell_reader):
                patch.setattr(module, "_known", KnownCommands(0))
            assert shell._parse(text) == after_others
            patch.undo()


def check_list(body: StatementList, script: str, start: int, end: int) -> None:
    """Spans lie inside their parent's, and one after the other."""
    assert start <= body.span.start <= body.span.end <= end
    at = body.span.start
    for statement in body.statements:
        assert at <= statement.span.start <= statement.span.end <= body.span.end
        check_node(statement.node, script, *statement.span)
        at = statement.span.end


def check_node(node: Node, script: str, start: int, end: int) -> None:
    assert start <= node.span.start <= node.span.end <= end
    if isinstance(node, (Chain, Pipeline)):
        at = node.span.start
        for part in node.parts:
            check_node(part, script, at, node.span.end)
            at = part.span.end
        return
    words = [*node.words]
    if isinstance(node, Command):
        at = node.span.start
        for word in words:
            assert at <= word.span.start
            at = word.span.end
        words += [item.value for item in node.assignments if item.value]
    else:
        at = node.span.start
        for body in node.bodies:
            check_list(body, script, at, node.span.end)
            at = body.span.end
    for redirect in node.redirects:
        assert node.span.start <= redirect.span.start <= redirect.span.end <= node.span.end
        words += [redirect.target] if redirect.target else []
        if redirect.heredoc:
            assert script[slice(*redirect.heredoc.span)] == redirect.heredoc.text
    for word in words:
        assert word.text == script[slice(*word.span)]
        assert node.span.start <= word.span.start <= word.span.end <= node.span.end
        assert alternatives(word)
        check_parts(word, script)


def check_parts(word: Word, script: str) -> None:
    at = word.span.start
    for part in word.parts:
        assert at <= part.span.start <= part.span.end <= word.span.end
        assert part.text == script[slice(*part.span)]
        at = part.span.end
        for body in part.bodies:
            check_list(body, script, *part.span)


def test_of_long_scripts_that_somebody_types_only_the_last_stay() -> None:
    long = "make " + "x" * 5_000
    first = shell.parse(long)
    assert shell.parse(long) is first
    for number in range(20):
        shell.parse(long + "y" * number)
    assert shell.parse(long) is not first
    assert shell.parse(long) == first


@pytest.mark.parametrize("char", ["é", "\u3000", "\U0001f680", "\U0010f846", "\ud800"])
def test_tree_sitter_sees_one_letter_for_all_beyond_ascii(char: str) -> None:
    """Its scanner for bash looks characters up in a table of 256 entries: reading beyond it ended the process."""
    language = shell_nodes.load_language()
    assert language is not None
    text = f"echo {{{char}@,{char}! {char}"
    parsed = shell_nodes.parse_nodes(text, language)
    assert set((parsed.root.text or b"").decode()) <= {*"echo {@,! ", "\xff"}
    script = shell.parse(text)
    assert [word.text for word in next(shell.commands(script)).command.words][-1] == char


WORDS = ["a", "apt-get", "-y", "--b=1", "x=1", "2", "/a/b", "1.0", "$A", "${B}", '"a b"', '"$A c"', "'a b'", "*", "~/a"]
SCRIPTS = st.lists(st.sampled_from([*WORDS, "&&", "||", ";", " ", "  ", "\t", "b[c]", '"', "'", "\n"]), max_size=12)


@given(SCRIPTS.map("".join) | SCRIPTS.map(" ".join))
@example("a -x && b /c/* || d; e ")
@example("pip install 'a[b]' \"$C\" ${D}/e")
@settings(max_examples=300)
def test_words_and_operators_are_read_as_tree_sitter_reads_them(text: str) -> None:
    assume(re.search(r'".*\s\$', text) is None)  # see below
    plain, language = shell_plain.read_plain(text), shell_nodes.load_language()
    assert language is not None
    if plain is not None and (whole := shell_reader.read(text, language)).problems == ():
        # What tree-sitter-bash takes for an assignment, `--b=1` in front of all, is a word to a shell.
        assert plain == whole or any(each.assignments for each in walk(whole) if isinstance(each, Command))


@pytest.mark.parametrize(
    "text", ["if a", "a | b", "a > b", "a=1 b", "a $(b)", "a \\$", "{ a; }", "a &", "", "# a", "! a", "a &&\r b"]
)
def test_more_than_words_and_operators_is_left_to_tree_sitter(text: str) -> None:
    assert shell_plain.read_plain(text) is None


def test_a_blank_before_a_variable_in_quotes_is_there() -> None:
    # tree-sitter-bash 0.25.1 has it in the variable.
    [word] = [word for placed in commands(parse('a "$B $C"')) for word in placed.command.words[1:]]
    assert [part.text for part in word.parts] == ["$B", " ", "$C"]
