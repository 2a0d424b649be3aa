// Sums of products in double, for the interpreter of plans.
#pragma once

#include <cstdint>

namespace slimnet::testing {

// c[m][n] += a[m][k] * b[k][n], all row by row, with the given distance between rows. Over k in order.
void AddProduct(int64_t m, int64_t n, int64_t k, const double* a, int64_t a_row, const double* b, int64_t b_row,
                double* c, int64_t c_row);

}  // namespace slimnet::testing
