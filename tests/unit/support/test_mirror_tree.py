# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from support.mirror.tree import ChecksumDatabase, Tree, version_key, without_newest_patches
from support.toolchains.real import Archive


@pytest.fixture
def tree(archives: list[Archive], database: ChecksumDatabase) -> Tree:
    return Tree(archives, database)


def body(tree: Tree, path: str, query: str = "") -> bytes:
    found = tree.find(path, query).body
    assert isinstance(found, bytes)
    return found


def index(tree: Tree, query: str) -> list[dict[str, Any]]:
    releases: list[dict[str, Any]] = json.loads(body(tree, "/dl/", query))
    return releases


def test_versions_stand_in_go_order() -> None:
    newest_first = [
        "1.28rc1",
        "1.27.4",
        "1.27.0",
        "1.27rc1",
        "1.21.13",
        "1.20.14",
        "1.20",
        "1.20rc3",
        "1.18beta2",
        "1.9.2rc2",
    ]
    assert sorted(sorted(newest_first), key=version_key, reverse=True) == newest_first


def test_the_full_index_is_newest_first_and_opens_with_an_rc_of_the_line_to_come(tree: Tree) -> None:
    versions = [release["version"] for release in index(tree, "mode=json&include=all")]
    assert versions == [
        "go1.32rc1",
        "go1.31.0",
        "go1.30.2",
        "go1.30.1",
        "go1.20.14",
        "go1.20",
        "go1.18beta2",
        "go1.9.2rc2",
    ]


def test_the_short_index_has_the_newest_patch_of_two_stable_lines(tree: Tree) -> None:
    releases = index(tree, "mode=json")
    assert [release["version"] for release in releases] == ["go1.31.0", "go1.30.2"]
    assert all(release["stable"] for release in releases)


def test_an_archive_is_listed_with_its_true_digest_and_size(tree: Tree, archives: list[Archive]) -> None:
    rows = {file["filename"]: file for release in index(tree, "mode=json&include=all") for file in release["files"]}
    for archive in archives:
        assert rows[archive.filename] == {
            "filename": archive.filename,
            "os": "linux",
            "arch": archive.arch,
            "version": f"go{archive.version}",
            "sha256": archive.sha256,
            "size": archive.size,
            "kind": "archive",
        }


def test_a_release_lists_what_no_linux_host_wants(tree: Tree) -> None:
    files = index(tree, "mode=json")[1]["files"]
    assert {file["kind"] for file in files} == {"archive", "installer", "source"}
    assert {"", "darwin", "freebsd", "linux", "windows"} == {file["os"] for file in files}
    assert files == sorted(files, key=lambda file: (file["os"], file["arch"], file["kind"], file["filename"]))


def test_without_mode_json_the_index_is_a_page(tree: Tree) -> None:
    assert tree.find("/dl/").content_type.startswith("text/html")


@pytest.mark.parametrize("name", ["go1.30.1.linux-amd64.tar.gz", "go1.99.9.linux-amd64.tar.gz", "go1.30.1.linux-amd64.tar.gz.asc"])
def test_a_download_redirects_whether_it_exists_or_not(tree: Tree, name: str) -> None:
    found = tree.find(f"/dl/{name}", prefix="/fault/flip")
    assert (found.status, dict(found.headers)["Location"]) == (302, f"/fault/flip/go/{name}")


def test_a_digest_below_dl_is_a_page_with_status_200(tree: Tree) -> None:
    found = tree.find("/dl/go1.30.1.linux-amd64.tar.gz.sha256")
    assert (found.status, found.content_type) == (200, "text/html; charset=utf-8")


def test_a_digest_below_go_is_64_bare_digits(tree: Tree, archives: list[Archive]) -> None:
    assert tree.find(f"/go/{archives[0].filename}.sha256").body == archives[0].sha256.encode()


def test_a_plain_mirror_has_archives_and_nothing_else(tree: Tree, archives: list[Archive]) -> None:
    assert tree.find(f"/plain/{archives[0].filename}").body == archives[0].path
    for path in ("/plain/", f"/plain/{archives[0].filename}.sha256", "/plain/?mode=json"):
        assert tree.find(path).status == 404


def test_the_module_proxy_lists_and_describes_toolchains(tree: Tree, archives: list[Archive]) -> None:
    root = "/proxy/golang.org/toolchain/@v"
    assert b"v0.0.1-go1.30.2.linux-arm64\n" in body(tree, f"{root}/list")
    info = json.loads(body(tree, f"{root}/v0.0.1-go1.30.1.linux-amd64.info"))
    assert info == {"Version": "v0.0.1-go1.30.1.linux-amd64", "Time": "2021-02-03T04:05:06Z"}
    assert tree.find(f"{root}/v0.0.1-go1.30.1.linux-amd64.mod").body == b"module golang.org/toolchain\n"
    assert tree.find(f"{root}/v0.0.1-go1.30.1.linux-amd64.zip").body == archives[0].module_path
    assert tree.find(f"{root}/v0.0.1-go1.99.9.linux-amd64.zip").status == 404


def test_go_dev_offers_modules_too(tree: Tree, archives: list[Archive]) -> None:
    name = "v0.0.1-go1.30.1.linux-amd64.zip"
    found = tree.find(f"/dl/mod/golang.org/toolchain/@v/{name}")
    assert dict(found.headers)["Location"] == f"/go/{name}"
    assert tree.find(f"/go/{name}").body == archives[0].module_path


def test_a_stale_index_lacks_the_last_patch_of_lines_that_have_several(tree: Tree) -> None:
    versions = [release.version for release in without_newest_patches(tree.releases)]
    assert versions == ["go1.32rc1", "go1.31.0", "go1.30.1", "go1.20", "go1.18beta2", "go1.9.2rc2"]


def test_another_architecture_is_of_the_same_version_where_there_is_one(tree: Tree, archives: list[Archive]) -> None:
    found = tree.other_architecture("go1.30.2.linux-amd64.tar.gz")
    assert found is not None
    assert found.body == archives[2].path


def test_a_known_lookup_is_answered_without_its_upstream(database: ChecksumDatabase) -> None:
    kept = database.folder / "lookup" / "golang.org" / "toolchain@v0.0.1-go1.30.1.linux-amd64"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"1\n")
    assert database.resource("lookup/golang.org/toolchain@v0.0.1-go1.30.1.linux-amd64").body == b"1\n"


@pytest.mark.parametrize("path", ["latest", "tile/8/0/000", "lookup/golang.org/toolchain@v0.0.1-go1.30.9.linux-amd64"])
def test_an_upstream_that_is_down_is_a_502_that_says_so(database: ChecksumDatabase, path: str) -> None:
    found = database.resource(path)
    assert isinstance(found.body, bytes)
    assert found.status == 502
    assert b"can't reach the checksum database" in found.body


@pytest.mark.parametrize("path", ["tile/../../secret", "lookup/..", "lookup//x", "tile", ".new-x", "lookup/.new-x"])
def test_paths_that_lead_elsewhere_are_not_found(database: ChecksumDatabase, path: str) -> None:
    assert database.resource(path).status == 404
