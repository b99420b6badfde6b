#include <algorithm>

#include "websocket/deflate/buffers.hpp"
#include "websocket/deflate/workspace_tools.hpp"
#include <duplex/websocket/deflate_workspace.hpp>

namespace duplex::websocket {

DeflateWorkspace::DeflateWorkspace(const DeflateWaiting* waiting) noexcept : waiting_(waiting) {}
DeflateWorkspace::~DeflateWorkspace() = default;

DeflateTools& DeflateWorkspace::tools() {
  if (!tools_) tools_ = std::make_unique<DeflateTools>();
  return *tools_;
}

WholeDeflater& DeflateWorkspace::whole_deflater() {
  return tools().whole_deflater;
}

void DeflateWorkspace::trim_tools() noexcept {
  tools_->whole_inflater.trim();
  trim_buffer(tools_->deflated);
  trim_buffer(tools_->inflated);
}

MessageCodec& DeflateWorkspace::shared_codec(const DeflateSides& sides) {
  auto& codecs = tools().shared_codecs;
  const auto found = std::ranges::find(codecs, sides, &MessageCodec::sides);
  if (found != codecs.end()) return *found;
  return codecs.emplace_back(*this, sides, true);
}

}  // namespace duplex::websocket
