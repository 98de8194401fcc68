# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ABI fixtures with exactly chosen needs: without start files, linked to stubs instead of libraries.

Of most there is one for glibc and one for musl, whose loaders go about many things in other ways.
"""

from __future__ import annotations

from support.abi import spoiled
from support.abi.compilers import Recipe
from support.abi.design import GLIBC, MUSL, NOEXEC, PLACE, WORD, Design
from support.abi.programs import HELLO
from support.abi.spoiled import Edit

PLAIN = ('-s', '-nostdlib', '-fno-stack-protector', '-fcf-protection=none')
START = '__attribute__((force_align_arg_pointer)) void _start(void) '
EXIT = 'int puts(const char *); _Noreturn void exit(int);\n'
SAY = f'{EXIT}{START}{{ puts("{WORD}"); exit(0); }}\n'
WORD_FUNCTION = f'const char *word(void) {{ return "{WORD}"; }}\n'
SAY_WORD = f'{EXIT}const char *word(void);\n{START}{{ puts(word()); exit(0); }}\n'


def _stub(soname: str, source: str, versions: str = '', *arguments: str, **objects: Recipe) -> Recipe:
    """A library to link with, or to load. versions: an ld version script."""
    script = ('-Wl,--version-script=versions',) if versions else ()
    return Recipe(
        'gcc', source, (*PLAIN, '-shared', '-fPIC', f'-Wl,-soname,{soname}', *script, *arguments), objects=tuple(objects.items()),
        files=(('versions', versions),) if versions else (), filename=soname.rpartition('/')[2],
    )  # fmt: skip


_LIBC_FUNCTIONS = """int puts(const char *text) { return 0; }
void exit(int code) { for (;;); }
void strlcpy(void) {}
void __libc_dlopen_mode(void) {}
"""
_GLIBC_VERSIONS = """GLIBC_2.2.5 { puts; exit; };
GLIBC_2.38 { strlcpy; };
GLIBC_PRIVATE { __libc_dlopen_mode; };
"""
LIBC = {
    GLIBC: _stub('libc.so.6', _LIBC_FUNCTIONS, _GLIBC_VERSIONS),
    MUSL: _stub('libc.musl-x86_64.so.1', _LIBC_FUNCTIONS),
}
LIBWORD = _stub('libword.so', WORD_FUNCTION)


def _bare(name: str, what: str, source: str, *arguments: str, loader: str = GLIBC, **objects: Recipe) -> Design:
    form = () if '-pie' in arguments else ('-no-pie',)
    options = (*PLAIN, '-nostartfiles', '-Wl,--allow-shlib-undefined', *form, f'-Wl,--dynamic-linker={loader}', *arguments)
    libraries = (*objects.items(), ('libc', LIBC[loader]))
    return Design(f'bare/{name}', what, Recipe('gcc', source, options, objects=libraries))


def _both(name: str, what: str, source: str, *arguments: str, **objects: Recipe) -> tuple[Design, ...]:
    return tuple(
        _bare(f'{name}-{libc}', f'{what} ({libc})', source, *arguments, loader=loader, **objects)
        for libc, loader in (('glibc', GLIBC), ('musl', MUSL))
    )  # fmt: skip


# ---- what programs need of a host

_STATIC = f"""static const char word[] = "{WORD}\\n";
void _start(void) {{
    long status = 1;
    __asm__ volatile("syscall" : "+a"(status) : "D"(1L), "S"(word), "d"(sizeof word - 1) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : : "a"(60L), "D"(0L) : "rcx", "r11", "memory");
}}
"""
_TABLE = f"""{EXIT}static const char *volatile words[] = {{"", "{WORD}", "", ""}};
static volatile int which = 1;
{START}{{ puts(words[which]); exit(0); }}
"""
_RELR = ('-pie', '-fPIE', '-Wl,-z,pack-relative-relocs')
_OPTIONAL = f"""{EXIT}__attribute__((weak)) void strlcpy(void);
{START}{{ puts(strlcpy ? "{WORD}" : "{WORD} without"); exit(0); }}
"""
_STRLCPY = f"""{EXIT}void strlcpy(char *, const char *, long);
{START}{{ char word[9]; strlcpy(word, "{WORD}", 9); puts(word); exit(0); }}
"""


def _eager(function: str) -> str:
    """Needs a function through a pointer, which the loader has to fill in before the start."""
    return f'{EXIT}void {function}(void);\nvoid (*volatile needed)(void) = {function};\n{START}{{ puts("{WORD}"); exit(0); }}\n'


NEEDS = (
    Design('bare/static', 'no libc at all', Recipe('gcc', _STATIC, (*PLAIN, '-nostartfiles', '-static', '-no-pie'))),
    Design('bare/static-pie', 'static-pie without a libc', Recipe('gcc', _STATIC, (*PLAIN, '-nostartfiles', '-static-pie', '-fPIE'))),
    Design('bare/static-glibc', 'static glibc of the build machine', Recipe('gcc', HELLO, ('-s', '-static', '-no-pie'))),
    Design('bare/static-pie-glibc', 'static-pie of the build machine', Recipe('gcc', HELLO, ('-s', '-static-pie'))),
    *_both('say', 'the least that is dynamic', SAY),
    *_both('pie', 'PIE', SAY, '-pie', '-fPIE'),
    *_both('relr', 'packed relative relocations', _TABLE, *_RELR),
    *_both('execstack', 'executable stack', SAY, '-Wl,-z,execstack'),
    *(_bare(f'isa-{level}', f'GNU property: needs x86-64-{level}', SAY, f'-Wl,-z,x86-64-{level}') for level in ('v2', 'v3', 'v4')),
    _bare('isa-v3-musl', 'GNU property, for musl', SAY, '-Wl,-z,x86-64-v3', loader=MUSL),
    _bare('version-weak-symbol', 'a weak symbol of glibc 2.38', _OPTIONAL),
    _bare('version-strong-symbol', 'a strong symbol of glibc 2.38, called', _STRLCPY),
    _bare('version-strong-symbol-now', 'a strong symbol of glibc 2.38, bound at once', _STRLCPY, '-Wl,-z,now'),
    _bare('version-private', 'a GLIBC_PRIVATE function that 2.34 took away', _eager('__libc_dlopen_mode')),
)  # fmt: skip

# ---- libraries


def _library(path: str, what: str, recipe: Recipe | None = LIBWORD) -> Design:
    return Design(path, what, recipe, started=False)


def _libword(folder: str, what: str, *arguments: str, source: str = WORD_FUNCTION) -> Design:
    """A libword.so, linked in another way or of another source."""
    return _library(f'{folder}/libword.so', what, _stub('libword.so', source, '', *arguments))


def _wrong(folder: str, what: str, *edits: Edit, base: str = 'lib') -> Design:
    return Design(f'{folder}/libword.so', what, base=f'{base}/libword.so', edits=edits, started=False)


def _foreign(folder: str, target: str) -> Design:
    options = ('-s', '-target', target, '-shared', '-nostdlib', '-Wl,-soname,libword.so')
    return _library(f'{folder}/libword.so', f'for {target}', Recipe('zig', WORD_FUNCTION, options, filename='libword.so'))


_OUTER_LIBRARY = _stub('libouter.so', 'const char *word(void);\nconst char *outer(void) { return word(); }\n', libword=LIBWORD)
_CALLBACK_LIBRARY = _stub('libcallback.so', 'const char *word(void);\nconst char *call(void) { return word(); }\n', '', '-Wl,-z,now')
_COPY = f"""void strlcpy(char *, const char *, long);
static char text[9];
const char *word(void) {{ strlcpy(text, "{WORD}", 9); return text; }}
"""
_TAGGED = f"""{WORD_FUNCTION}__asm__(".pushsection .note.ABI-tag,\\"a\\",@note\\n.align 4\\n.long 4, 16, 1\\n"
".asciz \\"GNU\\"\\n.long 0, 99, 0, 0\\n.popsection");
"""
# One folder each, which bare/lib-FOLDER-* refer to.
PRIVATE = (
    _foreign('i386', 'x86-linux-gnu.2.17'),
    _foreign('arm64', 'aarch64-linux-gnu.2.17'),
    _libword('stack', 'wants an executable stack', '-Wl,-z,execstack'),
    _libword('isa-v4', 'needs x86-64-v4', '-Wl,-z,x86-64-v4'),
    _wrong('isa', 'needs a level that no processor has', spoiled.isa_needed(0x8000), base='isa-v4'),
    _wrong('osabi', 'says that it is for FreeBSD', spoiled.header(osabi=9)),
    _wrong('abi-version', 'says that it is of another ABI version', spoiled.header(abi_version=9)),
    _wrong('order', 'lies about its byte order', spoiled.header(data=2)),
    _wrong('class', 'lies about its class', spoiled.header(**{'class': 1})),
    _wrong('version', 'is of another ELF version', spoiled.header(version=2)),
    _wrong('program', 'is a program (ET_EXEC)', spoiled.header(type=2)),
    _wrong('object', 'is an object file', spoiled.header(type=1)),
    _wrong('cut', 'ends in the middle', spoiled.cut_in_segment),
    _wrong('unsectioned', 'lost the section table', spoiled.cut_sections),
    Design('text/libword.so', 'is text', content=b'/* GNU ld script */ INPUT(libother.so)\n', started=False),
    Design('empty/libword.so', 'is empty', started=False),
    Design('closed/libword.so', 'without an x bit, which no loader asks for', LIBWORD, mode=0o644, started=False),
    _libword('tagged', 'needs Linux 99', source=_TAGGED),
    _libword('hollow', 'has a segment without a size', '-fno-asynchronous-unwind-tables', '-Wl,-z,separate-code'),
    _libword('sysv', 'with the old hash table alone', '-Wl,--hash-style=sysv'),
    _libword('gnu', 'with the new hash table alone', '-Wl,--hash-style=gnu'),
    _library('new/libword.so', 'needs glibc 2.38 itself', _stub('libword.so', _COPY, libc=LIBC[GLIBC])),
)
LIBRARIES = (
    _library('lib/libword.so', 'the library'),
    _library('lib/libplain.so', 'a library without versions', _stub('libplain.so', WORD_FUNCTION)),
    _library('lib/libversions.so', 'a library with versions', _stub('libversions.so', WORD_FUNCTION, 'WORD_1 { word; };\n')),
    _library('deep/libouter.so', 'needs another library, and does not say where it is', _OUTER_LIBRARY),
    _library('deep/libword.so', 'the other library'),
    _library('multi/lib/x86_64-linux-gnu/libword.so', "Debian's $LIB"),
    _library('multi/lib64/libword.so', "CentOS's $LIB"),
    _library('debian/lib/x86_64-linux-gnu/libword.so', "Debian's $LIB alone"),
    _library('hwcaps/glibc-hwcaps/x86-64-v2/libword.so', 'for processors of that level'),
    _library('platform/x86_64/libword.so', '$PLATFORM, or a folder of old hardware capabilities'),
    _libword('without', 'the library without the function', source='int other(void) { return 0; }\n'),
    _library('moved/libversions.so', 'has the function in another version',
             _stub('libversions.so', f'{WORD_FUNCTION}void other(void) {{}}\n', 'WORD_1 { other; };\nWORD_2 { word; };\n')),
    _library('callback/libcallback.so', 'calls what the program has to define', _CALLBACK_LIBRARY),
    *PRIVATE,
)  # fmt: skip

# ---- programs that look for them


def _path(*folders: str, tag: str = '--enable-new-dtags') -> str:
    return f'-Wl,{tag},-rpath,' + ':'.join(folders)


def _finds(name: str, what: str, *folders: str, tag: str = '--enable-new-dtags') -> tuple[Design, ...]:
    return _both(name, what, SAY_WORD, _path(*folders, tag=tag), libword=LIBWORD)


def _lacks(name: str, what: str, source: str, *arguments: str) -> tuple[Design, ...]:
    """Linked to the library, and finds one without the function."""
    return _both(name, what, source, _path('$ORIGIN/../without'), *arguments, libword=LIBWORD)


def _of_version(name: str, what: str, version: str, soname: str, folder: str, *arguments: str) -> tuple[Design, ...]:
    return _both(name, what, SAY_WORD, _path(f'$ORIGIN/../{folder}'), *arguments, lib=_stub(soname, WORD_FUNCTION, f'{version} {{ word; }};\n'))


OLD_TAG = '--disable-new-dtags'
_OUTER = f'{EXIT}const char *outer(void);\n{START}{{ puts(outer()); exit(0); }}\n'
_CALLBACK = f'{EXIT}const char *call(void);\n{WORD_FUNCTION}{START}{{ puts(call()); exit(0); }}\n'
_NO_CALLBACK = f'{EXIT}const char *call(void);\n{START}{{ puts(call()); exit(0); }}\n'
_UNCALLED = f'{EXIT}const char *word(void);\nvolatile int never;\n{START}{{ if (never) word(); puts("{WORD}"); exit(0); }}\n'
_WEAK = f'__attribute__((weak)) {_UNCALLED.removeprefix(EXIT)}'
_CXX_20, _CXX_30 = '_ZSt24__throw_out_of_range_fmtPKcz', '_ZSt21__glibcxx_assert_failPKciS0_S0_'
_CXX = _stub(
    'libstdc++.so.6', f'void {_CXX_20}(void) {{}}\nvoid {_CXX_30}(void) {{}}\n', f'GLIBCXX_3.4.20 {{ {_CXX_20}; }};\nGLIBCXX_3.4.30 {{ {_CXX_30}; }};\n'
)

LOOKUPS = (
    *_both('library-missing', 'a library that is nowhere', SAY_WORD, libword=LIBWORD),
    *_finds('rpath-origin', 'RPATH with $ORIGIN', '$ORIGIN/../lib', tag=OLD_TAG),
    *_finds('rpath-absolute', 'RPATH', f'{PLACE}/lib', tag=OLD_TAG),
    *_finds('runpath-origin', 'RUNPATH with $ORIGIN', '$ORIGIN/../lib'),
    *_finds('runpath-braces', 'RUNPATH with ${ORIGIN}', '${ORIGIN}/../lib'),
    *_finds('runpath-relative', 'RUNPATH below the current folder', 'lib'),
    *_finds('runpath-second', 'RUNPATH whose first folder is not there', '$ORIGIN/../nowhere', '$ORIGIN/../lib'),
    *_finds('runpath-lib', 'RUNPATH with $LIB', '$ORIGIN/../multi/$LIB'),
    *_finds('runpath-debian-lib', 'RUNPATH with $LIB of Debian', '$ORIGIN/../debian/$LIB'),
    *_finds('runpath-platform', 'RUNPATH with $PLATFORM', '$ORIGIN/../platform/$PLATFORM'),
    *_finds('runpath-hwcaps', 'RUNPATH with glibc-hwcaps below', '$ORIGIN/../hwcaps'),
    *_finds('runpath-old-hwcaps', 'RUNPATH with x86_64/ below', '$ORIGIN/../platform'),
    *_finds('class-then-right', 'RUNPATH to a library of another class, then to the right one', '$ORIGIN/../i386', '$ORIGIN/../lib'),
    *_finds('arm64-then-right', 'RUNPATH to a library of another architecture, then to the right one', '$ORIGIN/../arm64', '$ORIGIN/../lib'),
    *_finds('text-then-right', 'RUNPATH to a text, then to the library', '$ORIGIN/../text', '$ORIGIN/../lib'),
    *_finds('lib-noexec', 'RUNPATH to a file system mounted noexec', NOEXEC),
    *(each for library in PRIVATE for each in _finds(f'lib-{library.path.partition("/")[0]}', library.what, f'$ORIGIN/../{library.path.partition("/")[0]}')),
    *_both('rpath-inherited', 'RPATH serves what its libraries need', _OUTER, _path('$ORIGIN/../deep', tag=OLD_TAG), libouter=_OUTER_LIBRARY),
    *_both('runpath-inherited', 'RUNPATH does not', _OUTER, _path('$ORIGIN/../deep'), libouter=_OUTER_LIBRARY),
    *_both('nodefaultlib', 'DF_1_NODEFLIB', SAY_WORD, _path('$ORIGIN/../lib'), '-Wl,-z,nodefaultlib', libword=LIBWORD),
    *_both('needed-path', 'a NEEDED with slashes', SAY_WORD, libword=_stub(f'{PLACE}/lib/libword.so', WORD_FUNCTION)),
    *_both('needed-path-missing', 'a NEEDED with slashes that is not there', SAY_WORD, libword=_stub(f'{PLACE}/nowhere/libword.so', WORD_FUNCTION)),
    *_lacks('symbol-now', 'a missing function, bound at once', SAY_WORD, '-Wl,-z,now'),
    *_lacks('symbol-lazy', 'a missing function, bound when it is called', SAY_WORD, '-Wl,-z,lazy'),
    *_lacks('symbol-uncalled', 'a missing function that is never called', _UNCALLED, '-Wl,-z,lazy'),
    *_lacks('symbol-data', 'the address of a missing function', _eager('word')),
    *_lacks('symbol-weak', 'a missing weak function', EXIT + _WEAK, '-Wl,-z,now'),
    *_of_version('version-of-library', 'a version of a private library', 'WORD_1', 'libversions.so', 'lib'),
    *_of_version('version-gone', 'a version that a private library does not have', 'WORD_2', 'libversions.so', 'lib'),
    *_of_version('version-of-none', 'a version of a library that has none at all', 'WORD_1', 'libplain.so', 'lib'),
    *_of_version('version-moved', 'a function that is now in another version', 'WORD_1', 'libversions.so', 'moved', '-Wl,-z,now'),
    *_both('symbol-of-program', 'a library calls back', _CALLBACK, _path('$ORIGIN/../callback'), '-Wl,--export-dynamic', lib=_CALLBACK_LIBRARY),
    *_both('symbol-not-of-program', 'a library calls what the program lacks', _NO_CALLBACK, _path('$ORIGIN/../callback'), '-Wl,-z,now', lib=_CALLBACK_LIBRARY),
    *_both('system-libz', "the distribution's zlib", _eager('zlibVersion'), libz=_stub('libz.so.1', 'void zlibVersion(void) {}\n')),
    *_both('system-libresolv', "the distribution's resolver", _eager('__dn_expand'), libresolv=_stub('libresolv.so.2', 'void __dn_expand(void) {}\n')),
    *_both('system-libstdc++-3.4.20', 'C++ of GCC 4.9', _eager(_CXX_20), libcxx=_CXX),
    *_both('system-libstdc++-3.4.30', 'C++ of GCC 12', _eager(_CXX_30), libcxx=_CXX),
)  # fmt: skip
