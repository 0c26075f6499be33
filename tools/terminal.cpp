#include "tools/terminal.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "tensor/error.h"

namespace elbo {
namespace {

bool live_line = false;  // the cursor stands behind a line that will be overwritten

void write_error(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void take_live_line_away() {
  if (live_line) write_error("\r\033[K");
  live_line = false;
}

// One line: line ends and other control characters become spaces.
std::string one_line(std::string_view prefix, std::string_view text) {
  std::string line(prefix);
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

// Characters, not bytes, of UTF-8.
std::size_t width_of(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_number(std::string_view text) {
  return text.empty() || text == "-" || text.find_first_not_of("0123456789.,+-e%xinfa ") == text.npos;
}

}  // namespace

void hold_standard_streams() {
  for (int fd = 0; fd < 3; fd++)
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // Opened the wrong way round, so that printing to a closed stream fails as it should.
      if (::open("/dev/null", fd == 1 ? O_RDONLY : fd == 0 ? O_RDONLY : O_WRONLY) != fd) return;
    }
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    fail("output", fmt::format("standard output: {}", std::strerror(errno)));
}

void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) fail("output", fmt::format("standard output: {}", std::strerror(errno)));
}

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(!quiet && ::isatty(2)) {}
Progress::~Progress() { clear(); }
void Progress::clear() { take_live_line_away(); }

void Progress::line(std::string_view text) {
  if (quiet_) return;
  take_live_line_away();
  write_error(one_line("", text));
}

void Progress::live(std::string_view text) {
  if (!terminal_) return;
  take_live_line_away();
  write_error(text.substr(0, terminal_size(2).columns - 1));
  live_line = true;
}

std::string bar(double share, int width) {
  const int full = int(std::clamp(share, 0.0, 1.0) * width);
  return "[" + std::string(std::size_t(full), '#') + std::string(std::size_t(width - full), '.') + "]";
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  const auto s = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string grouped(long long n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return n < 0 ? "-" + digits : digits;
}

TerminalSize terminal_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

std::string fitted(std::string_view text, const TerminalSize& size) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    while (width_of(line) >= size.columns) {  // a character, not a byte
      while ((static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
      line.pop_back();
    }
    lines.push_back(std::move(line));
  }
  const std::size_t room = std::max<std::size_t>(3, size.rows) - 1;
  const std::size_t shown = lines.size() <= room ? lines.size() : room - 1;
  std::string out;
  for (std::size_t i = 0; i < shown; i++) out += lines[i] + "\n";
  if (shown < lines.size()) out += fmt::format("and {} more\n", lines.size() - shown);
  return out;
}

void print_error(std::string_view text) {
  std::fflush(stdout);
  take_live_line_away();
  write_error(one_line("error: ", text));
}

void print_warning(std::string_view text) {
  take_live_line_away();
  write_error(one_line("warning: ", text));
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  std::vector<std::size_t> widths(columns);
  std::vector<bool> right(columns, true);
  for (std::size_t r = 0; r < rows.size(); r++)
    for (std::size_t c = 0; c < rows[r].size(); c++) {
      widths[c] = std::max(widths[c], width_of(rows[r][c]));
      if (r > 0 && !is_number(rows[r][c])) right[c] = false;
    }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); r++) {
    std::string line;
    for (std::size_t c = 0; c < rows[r].size(); c++) {
      const std::string& cell = rows[r][c];
      const std::string space(widths[c] - width_of(cell), ' ');
      line += (c ? "  " : "") + (right[c] ? space + cell : cell + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r > 0) continue;
    std::size_t total = 2 * (columns - 1);
    for (const std::size_t w : widths) total += w;
    out += std::string(total, '-') + "\n";
  }
  return out;
}

std::string number(double value) { return fmt::format("{:.5g}", value); }

}  // namespace elbo
