#include <cstdlib>
#include <cstring>
#include <new>

#include <duplex/base/shared_bytes.hpp>

namespace duplex {

SharedBytes SharedBytes::concatenation(std::initializer_list<ConstBytes> parts) {
  std::size_t size = 0;
  for (ConstBytes part : parts) size += part.size();
  SharedBytes result;
  if (size == 0) return result;

  void* memory = ::operator new(sizeof(Block) + size);
  result.block_ = new (memory) Block;
  result.block_->size = size;
  auto* out = reinterpret_cast<std::byte*>(result.block_ + 1);
  for (ConstBytes part : parts) {
    if (part.empty()) continue;
    std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  return result;
}

void SharedBytes::release(Block* block) noexcept {
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block->~Block();
  ::operator delete(block);
}

}  // namespace duplex
