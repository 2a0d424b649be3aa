#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/cores.h"

namespace slimnet {
namespace {

namespace fs = std::filesystem;

// A folder with control group files, removed at the end.
class Cgroups {
 public:
  Cgroups() {
    std::string pattern = (fs::temp_directory_path() / "slimnet-cgroup-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~Cgroups() { fs::remove_all(root_); }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  Cgroups& File(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
    return *this;
  }
  std::string root() const { return root_.string(); }

 private:
  fs::path root_;
};

TEST(Cores, AreAtLeastOne) { EXPECT_GE(AvailableCores(), 1); }

TEST(Cores, NoLimitWhereNothingSaysSo) {
  Cgroups groups;
  EXPECT_FALSE(CgroupCores(groups.root(), ""));
  EXPECT_FALSE(CgroupCores(groups.root(), "0::/a/b\n"));
  groups.File("a/b/cpu.max", "max 100000\n");
  EXPECT_FALSE(CgroupCores(groups.root(), "0::/a/b\n"));
}

TEST(Cores, VersionTwoTakesTheTightestOfTheGroupAndThoseAboveIt) {
  Cgroups groups;
  groups.File("a/b/cpu.max", "400000 100000\n").File("a/cpu.max", "250000 100000\n");
  EXPECT_DOUBLE_EQ(CgroupCores(groups.root(), "0::/a/b\n").value_or(0), 2.5);
  EXPECT_DOUBLE_EQ(CgroupCores(groups.root(), "0::/a/b/c\n").value_or(0), 2.5);
}

TEST(Cores, TheRootCountsInsideAContainerThatCannotSeeItsOwnPath) {
  Cgroups groups;
  groups.File("cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(CgroupCores(groups.root(), "0::/docker/0123\n").value_or(0), 1.5);
}

TEST(Cores, VersionOneReadsQuotaAndPeriod) {
  Cgroups groups;
  groups.File("cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n").File("cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(CgroupCores(groups.root(), "5:memory:/a\n4:cpu,cpuacct:/a\n").value_or(0), 3.0);
  groups.File("cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  EXPECT_FALSE(CgroupCores(groups.root(), "4:cpu,cpuacct:/a\n"));
}

TEST(Cores, NonsenseIsNoLimit) {
  Cgroups groups;
  groups.File("a/cpu.max", "5000").File("b/cpu.max", "0 0\n").File("c/cpu.max", "-5 -1\n");
  for (const char* membership :
       {"0::/a\n", "0::/b\n", "0::/c\n", "0::relative\n", "no colons\n", "::\n", "4:cpu:/x\n"}) {
    EXPECT_FALSE(CgroupCores(groups.root(), membership)) << membership;
  }
}

}  // namespace
}  // namespace slimnet
