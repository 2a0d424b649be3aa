#include "runtime/cores.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace slimnet {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<double> Ratio(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return quota / period;
}

// Version 2: "max 100000" or "150000 100000".
std::optional<double> LimitV2(const std::string& folder) {
  std::istringstream text(ReadText(folder + "/cpu.max"));
  double quota = 0;
  double period = 0;
  if (!(text >> quota >> period)) return std::nullopt;  // "max" is no number
  return Ratio(quota, period);
}

// Version 1: two files, quota -1 without a limit.
std::optional<double> LimitV1(const std::string& folder) {
  std::istringstream quota_text(ReadText(folder + "/cpu.cfs_quota_us"));
  std::istringstream period_text(ReadText(folder + "/cpu.cfs_period_us"));
  double quota = 0;
  double period = 0;
  if (!(quota_text >> quota) || !(period_text >> period)) return std::nullopt;
  return Ratio(quota, period);
}

void Tighten(std::optional<double>& limit, std::optional<double> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

// A limit may stand in any folder from the process's own up to the root. Inside a container the root is often the
// container's own group while the membership still names the host's path: folders that are not there say nothing.
template <class Reader>
void TightenUpwards(std::optional<double>& limit, const std::string& root, std::string path, Reader read) {
  for (;;) {
    Tighten(limit, read(root + path));
    if (path.empty() || path == "/") return;
    path.erase(path.find_last_of('/'));
  }
}

bool NamesCpu(const std::string& controllers) {
  std::istringstream list(controllers);
  for (std::string name; std::getline(list, name, ',');) {
    if (name == "cpu") return true;
  }
  return false;
}

int AffinityCores() {
#if defined(__linux__)
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return std::max(CPU_COUNT(&mask), 1);
#endif
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
}

}  // namespace

std::optional<double> CgroupCores(const std::string& root, const std::string& membership) {
  std::optional<double> limit;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // "0::/path" or "4:cpu,cpuacct:/path"
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    if (controllers.empty()) {
      TightenUpwards(limit, root, path, LimitV2);
    } else if (NamesCpu(controllers)) {
      TightenUpwards(limit, root + "/" + controllers, path, LimitV1);
      TightenUpwards(limit, root + "/cpu", path, LimitV1);
    }
  }
  return limit;
}

int AvailableCores() {
  const int cores = AffinityCores();
  const std::optional<double> quota = CgroupCores("/sys/fs/cgroup", ReadText("/proc/self/cgroup"));
  if (!quota) return cores;
  return std::clamp(static_cast<int>(std::min(*quota, 1e6)), 1, cores);
}

}  // namespace slimnet
