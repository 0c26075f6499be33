// elbo-watch: runs while they are trained.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "lab/watch.h"
#include "tensor/error.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string html;
  double interval = 2;
  bool once = false;
};

std::vector<lab::WatchedRun> read_all(const std::vector<std::string>& paths) {
  std::vector<lab::WatchedRun> runs;
  for (const std::string& path : lab::runs_below(paths)) runs.push_back(lab::read_run(path));
  return runs;
}

// With an interval of 0 it reloads no more.
void write_page(const OutPath& out, const std::vector<lab::WatchedRun>& runs, double interval) {
  const Deferred guard;
  lab::watch_page(runs, interval > 0 ? std::max(1, int(interval)) : 0).save(out.path());
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (o.runs.empty()) throw UsageError("RUN is missing");
  std::optional<OutPath> page;
  if (!o.html.empty()) {
    page.emplace(o.html, shared.force, std::initializer_list<std::string_view>{".html"}, nullptr, "--html");
    page->make_way();
  }
  if (shared.json) {
    const auto runs = read_all(o.runs);
    if (page) write_page(*page, runs, 0);
    print(lab::watch_json(runs));
    return 0;
  }
  const Deferred guard;  // a signal waits until the page has been left as one that reloads no more
  const bool terminal = isatty(1);
  std::string before;
  for (std::size_t lines = 0;;) {
    const auto runs = read_all(o.runs);
    const bool going_on = !o.once && pending_signal() == 0 && lab::any_at_work(o.runs, runs);
    std::string text = table(lab::watch_table(runs));
    if (terminal) text = fitted(text, terminal_size(1));
    if (text != before) {
      if (page) write_page(*page, runs, going_on ? std::max(1.0, o.interval) : 0);
      print((terminal && lines > 0 ? fmt::format("\033[{}F\033[J", lines) : std::string(lines > 0 ? "\n" : "")) + text);
      flush_output();
      lines = std::size_t(std::count(text.begin(), text.end(), '\n'));
      before = std::move(text);
    }
    if (!going_on) {
      if (page) write_page(*page, runs, 0);
      return pending_signal() == 0 ? 0 : 128 + pending_signal();
    }
    using Clock = std::chrono::steady_clock;
    const auto next = Clock::now() + std::chrono::duration<double>(o.interval);
    while (Clock::now() < next && pending_signal() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-watch",
            "Shows runs while they are trained: what each epoch said, how far they are, the time left; in the terminal and, with --html, "
            "as a page that loads itself anew. Ends when none is trained any more.",
            {"elbo-watch runs/first", "elbo-watch runs/* --html live.html", "elbo-watch comparison --once"});
  tool.usage("RUN... [--html FILE] [--once]")
      .positionals("RUN", "run folders; the folder of a comparison stands for all its runs", o.runs)
      .option("--html", "FILE", "also a page with their curves", o.html)
      .option("--interval", "S", "seconds between two looks (default 2)", o.interval, 0.1, 3600)
      .flag("--once", "look once", o.once)
      .share({"--force", "--json"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
