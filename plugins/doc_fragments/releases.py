# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


class ModuleDocFragment:

    # plugins/module_utils/_toolchain/options.py: RELEASES
    DOCUMENTATION = r'''
options:
  version_from:
    description:
      - A file on the controller that names the release that a project wants.
      - C(go.mod) and C(go.work) (their C(toolchain) line, otherwise their C(go) line), C(.go-version) and C(.tool-versions) are read.
    type: path
  checksums:
    description:
      - Pinned digests, C(sha256:HEX), by file name (C(go1.26.6.linux-amd64.tar.gz)), one for each architecture of the fleet.
      - Exact versions with a pinned digest need neither the index nor a network on the controller.
    type: dict
    default: {}
  trust:
    description:
      - Who must vouch for a release. V(pinned) is a digest that you give (O(checksums), a release record or a lock file); V(log) is Go's transparency
        log, for releases since 1.21.0; V(signature) is the OpenPGP signature of the archive, made with the key of Google that signs Go's releases;
        V(index) is the release index.
      - One of those named is enough, unless O(trust_all) is set. If none of them vouches, the task fails (RV(code) is V(untrusted)).
      - By default the strongest available proof is used, in this order; the result says which one it was.
      - As long as only the index vouches for a release, every run warns about it and says why, until V(index) is among those named.
      - V(signature) needs C(gpgv) on the controller, and the controller downloads each archive once.
    type: list
    elements: str
    choices: [pinned, signature, log, index]
    default: []
  trust_all:
    description: Whether everybody named in O(trust) must vouch.
    type: bool
    default: false
  signing_certificate:
    description:
      - File on the controller, or address, of a newer OpenPGP certificate of the signing key than the one that comes with this collection
        (V(https://dl.google.com/linux/linux_signing_key.pub)). Google adds a signing subkey every year or two.
      - It is accepted only if its primary key is the pinned one and has signed the subkeys.
    type: str
  mirrors:
    description:
      - Base URLs of mirrors. An archive is looked for at C(BASE/goVERSION.linux-ARCH.tar.gz); the first mirror that answers with the right file is used.
    type: list
    elements: str
    default: ['https://go.dev/dl']
  goproxy:
    description:
      - Module proxies, as in Go's own E(GOPROXY) (V(direct) and V(off) are skipped). They hold each release since 1.21.0 as a module.
      - They are used when no mirror has the archive, which Go's transparency log then verifies. By default no proxy is asked.
      - With O(index_url=off), their lists say which release a line or V(latest) means.
    type: str
    default: ''
  gosumdb:
    description:
      - Name of the transparency log, and unless it is V(sum.golang.org) its public key and optionally its address, as in Go's own E(GOSUMDB).
      - The controller asks it. Module proxies in O(goproxy) before the first V(direct) or V(off) are asked first. If one of them fails (also with 404),
        the next is asked, and finally the log itself. Every answer is verified, so it does not matter who passes it on.
      - V(off) disables the log.
    type: str
    default: sum.golang.org
  index_url:
    description:
      - Address of the release index, in the form of V(https://go.dev/dl/?mode=json&include=all).
      - V(off) or an empty string disables it. The lists of the module proxies in O(goproxy) then say which release a line or V(latest) means, and
        the transparency log verifies releases since 1.21.0.
      - An index that cannot be reached is not asked again for ten minutes (never longer than O(index_max_age)), unless it is the only source of
        what is needed. The same holds for module proxies and logs.
    type: str
    default: https://go.dev/dl/?mode=json&include=all
  index_max_age:
    description:
      - For how many seconds the controller uses its copies of the index and of the lists of module proxies. One run works with one copy.
    type: int
    default: 3600
  cache_path:
    description:
      - Folder on the controller for indexes, archives, and what was seen of the transparency log and of releases. Defaults to C(gofleet) in
        E(XDG_CACHE_HOME), otherwise C(~/.cache/gofleet).
      - It is created with mode 0700. It is refused (RV(code) is V(unsafe_folder)) if it, or a folder above it, belongs to somebody other than the
        user who runs Ansible or root, or if others may write to it. The group root (gid 0) and the private group of an ordinary user count
        as the owner. A sticky folder such as C(/tmp) above it is accepted for ordinary users, but not for root.
      - Its contents are verified again at each use, without a network, or count as no more than what the index said.
    type: path
  allow_downgrade:
    description:
      - Whether a line or V(latest) may resolve to an older release than this controller saw before with the same O(index_url) and O(goproxy).
        The task then warns.
      - Otherwise the newer release is used, with a warning, if the transparency log or a pinned digest vouches for it. If not, the task fails
        (RV(code) is V(downgrade)) and changes nothing.
      - Exact versions, and releases that are given or locked, are exempt.
    type: bool
    default: false
  timeout:
    description:
      - After how many seconds without a byte a connection is closed.
      - One that continues at less than 16 KiB a second is closed after about five times as long.
    type: int
    default: 30
  ca_path:
    description:
      - PEM file of the authorities to trust for TLS, on the machine that downloads.
      - Defaults to the certificates of that system.
    type: path
'''

    # plugins/module_utils/_toolchain/options.py: what FLEET adds
    FLEET = r'''
options:
  versions:
    description:
      - Releases (V(1.26.6)), lines (V(1.26)) or V(latest). Quote them in YAML, otherwise V(1.20) becomes the number 1.2.
      - An element may hold several, separated by commas.
    type: list
    elements: str
    default: []
  architectures:
    description: The architectures of the fleet, in Go's words (V(arm64), not aarch64). An empty list is refused.
    type: list
    elements: str
    default: [amd64, arm64]
attributes:
  async:
    description: Can run with the C(async) keyword.
    support: none
    details: The controller does the work. Such a task fails with RV(code=async_unsupported).
  check_mode:
    support: full
'''
