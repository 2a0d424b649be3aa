#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/text.h"

namespace slimnet {
namespace {

TEST(NumberText, WritesWhatJavaScriptWrites) {
  const std::vector<std::pair<double, std::string>> cases{
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-12.5, "-12.5"},
      {0.1, "0.1"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {123456789, "123456789"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.25e21, "1.25e+21"},
      {0.30000000000000004, "0.30000000000000004"},
      {5e-324, "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {static_cast<double>(0.997F), "0.996999979019165"},
      {100, "100"},
      {1024.25, "1024.25"},
      {std::numeric_limits<double>::infinity(), "inf"},
      {-std::numeric_limits<double>::infinity(), "-inf"},
      {std::nan(""), "nan"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(NumberText(value), text);
}

TEST(Quote, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(Quote("a/b"), "\"a/b\"");
  EXPECT_EQ(Quote("\"\\"), R"("\"\\")");
  EXPECT_EQ(Quote(std::string_view("\0\x1f\x7f\n", 4)), R"("\u0000\u001f\u007f\u000a")");
  EXPECT_EQ(Quote("é"), "\"é\"");
}

TEST(IsUtf8, AcceptsEveryLengthAndRefusesWhatIsMalformed) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  EXPECT_TRUE(IsUtf8("\xf4\x8f\xbf\xbf"));
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                          "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xe2\x82", "\xc3(", "\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace slimnet
