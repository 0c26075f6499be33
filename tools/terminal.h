#pragma once
// What a person sees: results on standard output, progress on standard error.

#include <string>
#include <string_view>
#include <vector>

namespace elbo {

// Keeps the numbers of standard input, output and error taken, where the caller closed one of them: a file opened later must not get
// what is printed.
void hold_standard_streams();

// Results. Throws Error where standard output cannot be written (closed, disk full, reader gone).
void print(std::string_view text);
void flush_output();

// Progress on standard error: nothing with --quiet. `line` stays; `live` is overwritten by what comes next, and only a terminal shows it.
class Progress {
 public:
  explicit Progress(bool quiet = false);
  ~Progress();
  bool on_terminal() const { return terminal_; }
  void line(std::string_view text);
  void live(std::string_view text);
  void clear();  // takes the live line away

 private:
  bool quiet_, terminal_;
};

// "[#####.....]", `share` 0 to 1.
std::string bar(double share, int width = 20);
std::string duration(double seconds);  // "8 s", "2:05", "1:02:05"
std::string grouped(long long n);      // "1,234,567"

struct TerminalSize {
  std::size_t columns = 80, rows = 24;
};
TerminalSize terminal_size(int fd);  // of a stream that is a terminal
// Text that fits a screen: lines cut at its width, and of more lines than it has the first ones, with how many are left out.
std::string fitted(std::string_view text, const TerminalSize& size);

// `error: TEXT` as one line on standard error.
void print_error(std::string_view text);
// `warning: TEXT`, likewise.
void print_warning(std::string_view text);

// Rows as aligned columns, the first row a heading with a line under it. Columns whose cells are numbers stand to the right.
std::string table(const std::vector<std::vector<std::string>>& rows);

// A number for people: five significant digits.
std::string number(double value);

}  // namespace elbo
