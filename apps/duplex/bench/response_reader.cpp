#include "response_reader.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <variant>

#include "refusal_line.hpp"
#include <duplex/http1/limits.hpp>
#include <duplex/http1/response_parser.hpp>

namespace duplex::app::bench {
namespace {

using http1::Framing;
using http1::ResponseParser;

constexpr http1::ResponseLimits limits;

/// Longer heads are not worth comparing.
constexpr std::size_t known_bytes_max = 4096;

void note(std::vector<Answers>& answers, unsigned status, std::uint64_t bytes) {
  if (answers.empty() || answers.back().status != status) answers.push_back({.status = status});
  ++answers.back().count;
  answers.back().bytes += bytes;
}

Fault fault_of_parser(http1::Error error) {
  return {"protocol", std::string(http1::describe(error))};
}

}  // namespace

struct ResponseReader::Parsing {
  explicit Parsing(ResponseRules& rules) : parser(limits, rules.fields) {
    parser.expect({.method = rules.method});
  }

  ResponseParser parser;
  /// The beginning of a head that was not whole, and the like.
  std::string rest;
};

ResponseReader::ResponseReader() = default;
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

void ResponseReader::begin() noexcept {
  in_content_ = false;
  closes_ = false;
  parsing_.reset();
}

std::optional<Fault> ResponseReader::read(ResponseRules& rules, Bytes input,
                                          std::vector<Answers>& answers) {
  while (!input.empty()) {
    if (in_content_) {
      const auto taken = std::min<std::uint64_t>(content_left_, input.size());
      input = input.subspan(static_cast<std::size_t>(taken));
      content_left_ -= taken;
    } else if (parsing_ || !take_known(rules.known, input)) {
      if (auto fault = parse(rules, input, answers)) return fault;
      continue;
    }
    in_content_ = content_left_ > 0;
    if (!in_content_) note(answers, status_, content_bytes_);
  }
  return std::nullopt;
}

bool ResponseReader::take_known(const KnownHead& known, Bytes& input) noexcept {
  if (known.text.empty() || !as_text(input).starts_with(known.text)) return false;
  input = input.subspan(known.text.size());
  status_ = known.status;
  content_left_ = content_bytes_ = known.content_bytes;
  closes_ = known.closes;
  return true;
}

/// Takes one response, or all that has come of it.
std::optional<Fault> ResponseReader::parse(ResponseRules& rules, Bytes& input,
                                           std::vector<Answers>& answers) {
  if (!parsing_) {
    parsing_ = std::make_unique<Parsing>(rules);
    content_bytes_ = 0;
  }
  std::string joined;
  const std::size_t before = parsing_->rest.size();
  Bytes left = input;
  if (before > 0) {
    joined = std::move(parsing_->rest).append(as_text(input));
    parsing_->rest.clear();
    left = std::as_writable_bytes(std::span(joined));
  }
  while (true) {
    const auto event = parsing_->parser.next(left);
    if (!event) return fault_of_parser(event.error());
    if (!*event) {
      parsing_->rest = std::string(as_text(left));
      input = {};
      return std::nullopt;
    }
    if (const auto* const head = std::get_if<ResponseParser::Head>(&**event)) {
      status_ = static_cast<unsigned>(head->head.status);
      closes_ = head->head.fields.lists("Connection", "close") ||
                head->head.version == http::Version::http_1_0;
      const Framing framing = head->framing.framing;
      if (head->head.raw.size() <= known_bytes_max &&
          (framing == Framing::content_length || framing == Framing::none)) {
        rules.known = {.text = std::string(head->head.raw),
                       .status = status_,
                       .content_bytes =
                           framing == Framing::none ? 0 : head->framing.content_length.value_or(0),
                       .closes = closes_};
      }
    } else if (const auto* const content = std::get_if<ResponseParser::Content>(&**event)) {
      if (status_ >= 400 && content_bytes_ == 0) {
        rules.refusals.try_emplace(status_, refusal_line(as_text(content->data)));
      }
      content_bytes_ += content->data.size();
    } else if (std::holds_alternative<ResponseParser::End>(**event)) {
      note(answers, status_, content_bytes_);
      // What stands behind it is the end of what has just come.
      input = input.last(left.size());
      parsing_.reset();
      return std::nullopt;
    }
  }
}

std::optional<Fault> ResponseReader::end(std::vector<Answers>& answers) {
  if (in_content_) return fault_of_parser(http1::Error::incomplete_content);
  if (!parsing_) return std::nullopt;
  const auto event = parsing_->parser.end_of_input();
  if (!event) return fault_of_parser(event.error());
  if (*event && std::holds_alternative<ResponseParser::End>(**event)) {
    note(answers, status_, content_bytes_);
  }
  parsing_.reset();
  return std::nullopt;
}

}  // namespace duplex::app::bench
