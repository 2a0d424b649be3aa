// CRC-32C (Castagnoli), the checksum of TensorFlow's checkpoint formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace slimnet {

// Checksum of `bytes`, continued from the checksum `seed` of what came before (0 at the beginning).
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t seed = 0);

// The two ways in which it is computed; Crc32c picks the faster one that the processor has.
uint32_t Crc32cPortable(std::span<const std::byte> bytes, uint32_t seed);
bool HasCrc32cInstruction();
// Only where HasCrc32cInstruction() is true.
uint32_t Crc32cInstruction(std::span<const std::byte> bytes, uint32_t seed);

}  // namespace slimnet
