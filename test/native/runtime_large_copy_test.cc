#include <gtest/gtest.h>

#include <cstddef>
#include <numeric>
#include <vector>

#include "runtime/large_copy.h"

namespace slimnet {
namespace {

TEST(LargeCopy, CopiesEveryByteAndNoMore) {
  for (const int cores : {1, 2}) {
    LargeCopy copy(cores);
    for (const size_t bytes :
         {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{2} << 20) + 1, (size_t{19} << 20) + 12345}) {
      std::vector<unsigned char> from(bytes);
      for (size_t i = 0; i < bytes; ++i) from[i] = static_cast<unsigned char>(i * 7 + i / 251);
      std::vector<unsigned char> to(bytes + 1, 0xaa);
      copy.Copy(to.data(), from.data(), bytes);
      EXPECT_EQ(to.back(), 0xaa);
      to.pop_back();
      EXPECT_EQ(to, from) << bytes << " bytes, " << cores << " cores";
    }
  }
}

TEST(LargeCopy, GoesOnAfterItWasStopped) {
  LargeCopy copy(2);
  std::vector<int> from(1 << 20);
  std::iota(from.begin(), from.end(), 0);
  for (int i = 0; i < 3; ++i) {
    std::vector<int> to(from.size());
    copy.Copy(to.data(), from.data(), from.size() * sizeof(int));
    EXPECT_EQ(to, from);
    copy.Stop();
  }
}

}  // namespace
}  // namespace slimnet
