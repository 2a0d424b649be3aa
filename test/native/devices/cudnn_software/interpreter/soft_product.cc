#include "native/devices/cudnn_software/interpreter/soft_product.h"

#include <algorithm>
#include <array>
#include <vector>

// Products of floats are exact in double, so it makes no difference whether they are added in one instruction or two:
// each processor may use what it has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define SLIMNET_EACH_ISA __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define SLIMNET_EACH_ISA
#endif

namespace slimnet::testing {
namespace {

constexpr int64_t kRows = 4;
// As many sums as the registers of AVX2 hold beside their factors.
constexpr int64_t kColumns = 8;
constexpr int64_t kDepth = 256;  // 16 kB of b

// Four rows and eight columns of c, by `depth` products each; b is packed to eight columns.
SLIMNET_EACH_ISA
void Tile(int64_t depth, const double* const* a, const double* b, double* sums) {
  std::array<double, static_cast<size_t>(kRows * kColumns)> kept;
  std::copy_n(sums, kept.size(), kept.begin());
  for (int64_t k = 0; k < depth; ++k) {
    const double* const row = b + k * kColumns;
    for (int64_t i = 0; i < kRows; ++i) {
      const double factor = a[i][k];
      for (int64_t j = 0; j < kColumns; ++j) kept[static_cast<size_t>(i * kColumns + j)] += factor * row[j];
    }
  }
  std::copy_n(kept.begin(), kept.size(), sums);
}

}  // namespace

void AddProduct(int64_t m, int64_t n, int64_t k, const double* a, int64_t a_row, const double* b, int64_t b_row,
                double* c, int64_t c_row) {
  std::vector<double> packed(static_cast<size_t>(std::min(k, kDepth) * kColumns));
  std::array<double, static_cast<size_t>(kRows * kColumns)> sums{};
  for (int64_t column = 0; column < n; column += kColumns) {
    const int64_t columns = std::min(kColumns, n - column);
    for (int64_t begin = 0; begin < k; begin += kDepth) {
      const int64_t depth = std::min(kDepth, k - begin);
      std::fill(packed.begin(), packed.end(), 0.0);
      for (int64_t i = 0; i < depth; ++i) {
        std::copy_n(b + (begin + i) * b_row + column, columns, packed.begin() + i * kColumns);
      }
      for (int64_t row = 0; row < m; row += kRows) {
        const int64_t rows = std::min(kRows, m - row);
        std::array<const double*, static_cast<size_t>(kRows)> factors;
        // Rows that there are not repeat the last one, and are dropped.
        for (int64_t i = 0; i < kRows; ++i) {
          factors[static_cast<size_t>(i)] = a + (row + std::min(i, rows - 1)) * a_row + begin;
        }
        for (int64_t i = 0; i < rows; ++i) {
          std::copy_n(c + (row + i) * c_row + column, columns, sums.begin() + i * kColumns);
        }
        Tile(depth, factors.data(), packed.data(), sums.data());
        for (int64_t i = 0; i < rows; ++i) {
          std::copy_n(sums.begin() + i * kColumns, columns, c + (row + i) * c_row + column);
        }
      }
    }
  }
}

}  // namespace slimnet::testing
