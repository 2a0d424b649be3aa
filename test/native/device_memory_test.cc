// Device pointers are a type of their own.
#include <gtest/gtest.h>

#include <cstddef>
#include <type_traits>

#include "backend/device_ptr.h"

namespace slimnet {
namespace {

// No pointer becomes a device pointer by itself, nor the other way round.
static_assert(!std::is_constructible_v<DevicePtr, void*>);
static_assert(!std::is_constructible_v<DevicePtr, const std::byte*>);
static_assert(!std::is_convertible_v<uintptr_t, DevicePtr>);
static_assert(!std::is_constructible_v<void*, DevicePtr>);
static_assert(!std::is_convertible_v<DevicePtr, bool>);
static_assert(std::is_trivially_copyable_v<DevicePtr> && sizeof(DevicePtr) == sizeof(void*));

TEST(DevicePtr, CountsInBytes) {
  DevicePtr pointer(4096);
  EXPECT_EQ((pointer + 3).address(), 4099U);
  pointer += -96;
  EXPECT_EQ(pointer, DevicePtr(4000));
  EXPECT_TRUE(pointer);
  EXPECT_FALSE(DevicePtr());
}

}  // namespace
}  // namespace slimnet
