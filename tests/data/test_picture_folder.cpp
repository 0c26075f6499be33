#include "data/picture_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;
namespace fs = std::filesystem;

namespace {

// A folder with files that are called as pictures are: what they hold does not matter here.
struct Names : Folder {
  void add(const std::string& name) const {
    fs::create_directories(fs::path(*this / name).parent_path());
    std::ofstream(*this / name) << "x";
  }
  void link(const std::string& to, const std::string& name) const { fs::create_directory_symlink(to, *this / name); }
};

std::string bad(const PictureFolder& found) {
  std::string text;
  for (const std::string& line : found.bad) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("folders of pictures: whatever cannot be looked at is told") {
  const Names names;
  names.add("cats/a.png");
  names.link("/nowhere/dogs", "dogs");  // a disk that is not there
  names.link("loop", "cats/loop");
  names.link(std::string(300, 'x'), "cats/long");  // any other reason
  names.link("nowhere", "cats/.hidden");
  const PictureFolder found = find_pictures(names.path());
  CHECK(found.files.size() == 1);
  CHECK(found.bad.size() == 3);
  CHECK(contains(bad(found), (names / "dogs") + ": a link to a file or folder that is not there\n"));
  CHECK(contains(bad(found), (names / "cats/loop") + ": a link that leads in a circle\n"));
  CHECK(contains(bad(found), (names / "cats/long") + ": File name too long\n"));
  CHECK(found.passed_over.empty());
}

TEST_CASE("folders of pictures: no link leads out to what holds the folder") {
  const Names names;
  names.add("album/cats/a.png");
  names.add("private/b.png");
  names.link("..", "album/up");
  names.link("/", "album/cats/root");
  names.link(".", "album/self");
  const PictureFolder found = find_pictures(names / "album");
  CHECK(found.files == std::vector<std::string>{names / "album/cats/a.png"});
  CHECK(found.bad.size() == 3);
  const std::string above = fs::canonical(names.path()).string();
  CHECK(contains(bad(found), (names / "album/up") + ": a link to " + above + ", which holds the folder that is read"));
  CHECK(contains(bad(found), (names / "album/cats/root") + ": a link to /, which holds"));
  CHECK(contains(bad(found), (names / "album/self") + ": a link to a folder that is read already as " + (names / "album")));

  // By a link to it, too: its own place counts, not the link's.
  names.link("album", "alias");
  CHECK(find_pictures(names / "alias").files.size() == 1);
  // Folders beside it may be linked to.
  fs::remove(names / "album/up");
  names.link("../private", "album/private");
  CHECK(find_pictures(names / "album").label_names == std::vector<std::string>{"cats", "private"});
}

TEST_CASE("folders of pictures: of a folder met twice the link is named, in whichever order they come") {
  const Names names;
  names.add("mice/a.png");
  names.link("mice", "apes");
  const PictureFolder first = find_pictures(names.path());
  CHECK(first.label_names == std::vector<std::string>{"apes"});
  CHECK(bad(first) == "[images] " + (names / "apes") + ": reached through a link, and read again as " + (names / "mice") + "\n");
  fs::remove(names / "apes");
  names.link("mice", "zebras");
  const PictureFolder last = find_pictures(names.path());
  CHECK(last.label_names == std::vector<std::string>{"mice"});
  CHECK(contains(bad(last), (names / "zebras") + ": a link to a folder that is read already as " + (names / "mice")));
}

TEST_CASE("folders of pictures: all endings, in capitals or not") {
  const Names names;
  for (const char* ending : {"png", "jpg", "jpeg", "jpe", "jfif", "bmp", "tga", "pnm", "pbm", "pgm", "ppm", "PnG", "webp"})
    names.add(std::string("x.") + ending);
  const PictureFolder found = find_pictures(names.path());
  CHECK(found.files.size() == 12);
  CHECK(found.passed_over == "1 file not called as pictures are: 1 .webp");
}

TEST_CASE("a path is shown as it is, or quoted with what is no text escaped, and keeps the file's name") {
  CHECK(shown("/data/katze \xc3\xa4.png") == "/data/katze \xc3\xa4.png");
  CHECK(shown("/data/\xc3\xa4\xff\n.png") == "'/data/\xc3\xa4\\xff\\x0a.png'");
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\x80", "\x7f", "\xf5\x80\x80\x80"})
    CHECK(shown(bad).starts_with("'\\x"));
  for (const char* good : {"\xe2\x82\xac", "\xf0\x9f\x90\x88", "\xef\xbf\xbd"}) CHECK(shown(good) == good);
  const std::string folders = "/" + std::string(300, 'f') + "/";
  CHECK(shown(folders + "a.png") == folders + "a.png");
  const std::string cut = shown(folders + "\n" + std::string(200, 'n') + ".png");
  CHECK(cut.starts_with("'...fff"));
  CHECK(cut.ends_with("f/\\x0a" + std::string(200, 'n') + ".png'"));
}
