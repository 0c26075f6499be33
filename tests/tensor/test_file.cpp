#include "tensor/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/child.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 1 << 24);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
void write_text(const std::string& path, const std::string& text) { write_file_atomically(path, bytes_of(text)); }
std::string error_of_writing(const std::string& path, const std::string& text) {
  return error_of([&] { write_text(path, text); });
}
long entries_in(const std::string& folder) { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

// In a child: gives this process a small disk of its own at `folder`. False where the system does not allow that.
bool mount_small_disk(const std::string& folder) {
  const auto put = [](const char* path, const std::string& text) { return bool(std::ofstream(path) << text << std::flush); };
  const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    if (!put("/proc/self/uid_map", "0 " + user + " 1") || !put("/proc/self/setgroups", "deny") ||
        !put("/proc/self/gid_map", "0 " + group + " 1"))
      return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=256k") == 0;
}

}  // namespace

TEST_CASE("a file is written whole, in chunks, and replaced") {
  const Folder folder;
  const std::string path = folder / "a.txt";
  write_text(path, "first");
  CHECK(text_of(path) == "first");
  const std::string one = "sec", two = "ond";
  write_file_atomically(path, std::array{bytes_of(one), Bytes{}, bytes_of(two)});
  CHECK(text_of(path) == "second");
  write_text(path, "");
  CHECK(text_of(path).empty());
  write_text(folder / std::string(255, 'n'), "the longest name");
  CHECK(entries_in(folder.path()) == 2);
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());  // a bare name lies in the current folder
  write_text("bare", "x");
  CHECK(text_of(folder / "bare") == "x");
  fs::current_path(before);
}

TEST_CASE("writing where it cannot be done is one error that names the file") {
  const Folder folder;
  CHECK(error_of_writing(folder / "none/a", "x") == "[write] cannot write " + (folder / "none/a") + ": no such file or folder");
  write_text(folder / "file", "x");
  CHECK(contains(error_of_writing(folder / "file/a", "x"), "file/a: Not a directory"));
  fs::create_directory(folder / "sub");
  CHECK(contains(error_of_writing(folder / "sub", "x"), "sub: it is a folder, not a file"));
  CHECK(contains(error_of_writing("/dev/null", "x"), "/dev/null: it is a device, not a file"));
  CHECK_FALSE(error_of_writing("", "x").empty());
  CHECK(entries_in(folder.path()) == 2);
}

TEST_CASE("at the file-size limit the previous file stays whole") {
  const Folder folder;
  const std::string path = folder / "a";
  write_text(path, "previous");
  for (const bool ignored : {false, true}) {
    CAPTURE(ignored);
    const std::string result = in_child([&] {
      signal(SIGXFSZ, ignored ? SIG_IGN : SIG_DFL);
      const rlimit limit{4096, 4096};
      setrlimit(RLIMIT_FSIZE, &limit);
      const std::string error = error_of_writing(path, std::string(10000, 'x'));
      write_text(path + "2", "still works");
      return error;
    });
    CHECK(result == "[write] cannot write " + path + ": the file would exceed the file-size limit (see `ulimit -f`)");
    CHECK(text_of(path) == "previous");
    CHECK(text_of(path + "2") == "still works");
    CHECK(entries_in(folder.path()) == 2);
  }
}

TEST_CASE("on a full disk the previous file stays whole") {
  const Folder folder;
  const std::string path = folder / "a";
  const std::string result = in_child([&]() -> std::string {
    if (!mount_small_disk(folder.path())) return "no disk";
    write_text(path, "previous");
    const std::string error = error_of_writing(path, std::string(1 << 20, 'x'));
    return error + " / " + text_of(path) + " / " + std::to_string(entries_in(folder.path()));
  });
  if (result == "no disk") {
    MESSAGE("skipped: mounting a small disk is not allowed here");
    return;
  }
  CHECK(result == "[write] cannot write " + path + ": no space left on the disk / previous / 1");
}

TEST_CASE("in a folder without permission the previous file stays whole") {
  const Folder folder;
  const std::string path = folder / "a";
  write_text(path, "previous");
  ::chmod(folder.path().c_str(), 0555);
  const std::string result = in_child([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return std::string("no other user");  // permissions do not bind root
    return error_of_writing(path, "x");
  });
  ::chmod(folder.path().c_str(), 0755);
  CHECK(result == "[write] cannot write " + path + ": permission denied");
  CHECK(text_of(path) == "previous");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("a process killed while it writes leaves the old file or the new one") {
  const Folder folder;
  const std::string path = folder / "a", old_text(1 << 20, 'o'), new_text(1 << 20, 'n');
  for (int round = 0; round < 10; round++) {
    write_text(path, old_text);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (;;) write_text(path, new_text), write_text(path, old_text);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500 + 1733 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string left = text_of(path);
    CHECK((left == old_text || left == new_text));
    const long temporaries = entries_in(folder.path()) - 1;
    CHECK(remove_temporary_files(folder.path()) == temporaries);
    CHECK(entries_in(folder.path()) == 1);
  }
}

TEST_CASE("left-over temporary files are removed, and nothing else") {
  const Folder folder;
  for (const char* name :
       {".a.tmp-12-0", ".state.safetensors.tmp-1-23", ".a.tmp-12", ".a.tmp-x-1", "a.tmp-1-2", ".a.tmp-1-", ".tmp-1-2", ".hidden"}) {
    std::ofstream(folder / name) << "x";
  }
  fs::create_directory(folder / ".b.tmp-1-2");
  CHECK(remove_temporary_files(folder.path()) == 2);
  CHECK_FALSE(fs::exists(folder / ".a.tmp-12-0"));
  CHECK_FALSE(fs::exists(folder / ".state.safetensors.tmp-1-23"));
  CHECK(entries_in(folder.path()) == 7);
  CHECK(contains(error_of([&] { remove_temporary_files(folder / "none"); }), "none of left-over temporary files"));
}

TEST_CASE("reading is checked against the file's size") {
  const Folder folder;
  write_text(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  CHECK(file.size() == 10);
  char text[5] = {};
  file.read(6, text, 4);
  CHECK(std::string(text) == "6789");
  file.read(10, text, 0);
  CHECK(contains(error_of([&] { file.read(7, text, 4); }), "expected 4 bytes at byte 7, but it ends after 10"));
  CHECK(contains(error_of([&] { file.read(~std::uint64_t{0}, text, 4); }), "it ends after 10"));
  const InputFile part = file.part(2, 5, "part").part(1, 4, "part of part");
  part.read(0, text, 4);
  CHECK(std::string(text) == "3456");
  CHECK_THROWS_AS(part.read(1, text, 4), Error);
  CHECK_THROWS_AS(file.part(2, 9, "part"), Error);
  CHECK(contains(error_of([&] { read_file(folder / "a", 9); }), "expected at most 9 bytes, it has 10"));
  fs::resize_file(folder / "a", 8);
  CHECK(contains(error_of([&] { file.read(6, text, 4); }), "became shorter while it was read"));
}

TEST_CASE("only regular files are read") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(error_of([&] { InputFile(folder / "pipe"); }), "it is a pipe or a device, expected a regular file"));
  CHECK(contains(error_of([] { InputFile("/dev/null"); }), "pipe or a device"));
  CHECK(contains(error_of([&] { InputFile{folder.path()}; }), "it is a folder"));
  CHECK(contains(error_of([&] { InputFile(folder / "none"); }), "none: no such file or folder"));
}

TEST_CASE("names from files are made fit for a message") {
  CHECK(quote_name("layer 1/weight") == "'layer 1/weight'");
  CHECK(quote_name("a\n\x1b\xff") == "'a\\x0a\\x1b\\xff'");
  CHECK(quote_name(std::string(101, 'x')) == "'" + std::string(100, 'x') + "...'");
}
