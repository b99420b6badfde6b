#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/http1/client_exchange.hpp>
#include <duplex/http1/exchange.hpp>
#include <duplex/http1/request_writer.hpp>
#include <duplex/http1/response_writer.hpp>

/// The client's cores and the server's, joined in memory: what one writes, the other has to read.
namespace duplex::http1 {
namespace {

using http::Method;
using http::Status;

/// What a client wants, and how the server is to answer.
struct Scene {
  Method method = Method::get;
  std::string content = {};
  bool length_known = true;
  bool expect_continue = false;
  bool upgrade = false;
  bool close = false;
  Status status = Status::ok;
  std::string answer = {};
  bool answer_length_known = true;
  bool server_closes = false;
  bool early = false;  ///< answered at the request's head
};

/// A connection: bytes on their way in both directions, moved at most `stride` at a time.
class Line {
 public:
  explicit Line(std::size_t stride) : stride_(stride) {}

  /// Plays a scene to its end. True when the connection can be used for another.
  bool play(const Scene& scene) {
    sent_ = received_ = reflected_ = {};
    finished_ = false;
    const RequestPlan plan = client_.begin(
        {.method = scene.method,
         .content_bytes = scene.length_known ? std::optional(scene.content.size()) : std::nullopt,
         .expect_continue = scene.expect_continue,
         .upgrade = scene.upgrade,
         .close = scene.close});
    response_parser_.expect(client_.answered_request());
    http::Fields fields;
    fields.add("X-Marker", "m");
    if (scene.upgrade) fields.add("Upgrade", "other");
    EXPECT_TRUE(write_request_head(scene.method, http::Url::parse("http://a.example/p?q").value(),
                                   TargetForm::origin, fields, plan, to_server_));
    if (plan.framing == Framing::none) client_.request_ended();

    for (int round = 0; round < 10'000; ++round) {
      send(scene, plan);
      serve(scene);
      receive();
      const ClientStep step = client_.next_step();
      if (step == ClientStep::switch_protocol) return false;
      if (finished_ && step == ClientStep::close) return false;
      if (step == ClientStep::begin_request && to_server_.empty()) {
        EXPECT_EQ(server_.next_step(), NextStep::read_request);
        return true;
      }
    }
    ADD_FAILURE() << "the scene does not end";
    return false;
  }

  std::string sent_, received_, reflected_;
  Status status_{};
  bool switched_ = false;
  int continues_ = 0;

 private:
  void send(const Scene& scene, const RequestPlan& plan) {
    if (client_.next_step() != ClientStep::send_content) return;
    const std::size_t size = std::min(stride_, scene.content.size() - sent_.size());
    const std::string_view piece = std::string_view(scene.content).substr(sent_.size(), size);
    if (plan.framing == Framing::chunked) {
      write_chunk(as_bytes(piece), to_server_);
    } else {
      to_server_.append(piece);
    }
    sent_ += piece;
    if (sent_.size() < scene.content.size()) return;
    if (plan.framing == Framing::chunked) write_last_chunk(to_server_);
    client_.request_ended();
  }

  void serve(const Scene& scene) {
    const std::size_t size = std::min(stride_, to_server_.size());
    server_input_ += as_text(to_server_.content().first(size));
    to_server_.consume(size);
    Bytes input = std::as_writable_bytes(std::span(server_input_));
    for (;;) {
      const auto event = request_parser_.next(input);
      ASSERT_TRUE(event) << describe(event.error());
      if (!*event) break;
      if (const auto* head = std::get_if<RequestParser::Head>(&**event)) {
        EXPECT_EQ(head->head.method, scene.method);
        EXPECT_EQ(head->head.target, "/p?q");
        EXPECT_EQ(head->head.authority, "a.example");
        EXPECT_EQ(head->head.fields.find("x-marker"), "m");
        server_.begin(head->head, head->framing);
        if (server_.wants_continue() && !scene.early) {
          write_continue(to_client_);
          server_.continue_sent();
        }
      } else if (const auto* content = std::get_if<RequestParser::Content>(&**event)) {
        server_.content_received(content->data.size());
        reflected_ += as_text(content->data);
      } else {
        server_.request_ended();
      }
      if (server_.owes_response() && (server_.request_complete() || scene.early)) respond(scene);
    }
    server_input_.erase(0, server_input_.size() - input.size());
    if (server_.next_step() == NextStep::close) server_closed_ = true;
  }

  void respond(const Scene& scene) {
    const ResponsePlan plan = server_.plan(
        scene.status, scene.answer_length_known ? std::optional(scene.answer.size()) : std::nullopt,
        scene.server_closes);
    http::Fields fields;
    if (scene.status == Status::switching_protocols) fields.add("Upgrade", "other");
    write_response_head(scene.status, fields, plan, {}, to_client_);
    if (scene.status == Status::switching_protocols) {
      to_client_.append("other protocol");
      return;
    }
    if (plan.send_content) {
      if (plan.framing == Framing::chunked) {
        write_chunk(as_bytes(scene.answer), to_client_);
        write_last_chunk(to_client_);
      } else {
        to_client_.append(scene.answer);
      }
    }
    server_.response_ended();
  }

  void receive() {
    const std::size_t size = std::min(stride_, to_client_.size());
    client_input_ += as_text(to_client_.content().first(size));
    to_client_.consume(size);
    Bytes input = std::as_writable_bytes(std::span(client_input_));
    while (!finished_) {
      auto event = response_parser_.next(input);
      ASSERT_TRUE(event) << describe(event.error());
      if (!*event && server_closed_ && to_client_.empty()) event = response_parser_.end_of_input();
      ASSERT_TRUE(event) << describe(event.error());
      if (!*event) break;
      take(**event);
    }
    client_input_.erase(0, client_input_.size() - input.size());
  }

  void take(const ResponseParser::Event& event) {
    if (const auto* interim = std::get_if<ResponseParser::Interim>(&event)) {
      client_.interim_received(interim->head.status);
      ++continues_;
    } else if (const auto* head = std::get_if<ResponseParser::Head>(&event)) {
      EXPECT_TRUE(client_.response_begun(head->head, head->framing));
      status_ = head->head.status;
      switched_ = head->framing.switches_protocol;
    } else if (const auto* content = std::get_if<ResponseParser::Content>(&event)) {
      client_.content_received(content->data.size());
      received_ += as_text(content->data);
    } else {
      client_.response_ended();
      finished_ = true;
    }
  }

  std::size_t stride_;
  ByteQueue to_server_, to_client_;
  std::string server_input_, client_input_;
  FieldTable server_table_, client_table_;
  Limits limits_;
  ResponseLimits response_limits_;
  RequestParser request_parser_{limits_, server_table_};
  ResponseParser response_parser_{response_limits_, client_table_};
  Exchange server_{limits_};
  ClientExchange client_{response_limits_};
  bool finished_ = false;
  bool server_closed_ = false;
};

TEST(ClientAndServer, UnderstandEachOther) {
  struct Case {
    Scene scene;
    bool keeps = true;
  };
  const std::string text(300, 'x');
  const Case cases[] = {
      {{.answer = text}},
      {{.answer = ""}},
      {{.answer = text, .answer_length_known = false}},
      {{.answer = "", .answer_length_known = false}},
      {{.method = Method::head, .answer = text}},
      {{.method = Method::head, .answer = text, .answer_length_known = false}},
      {{.status = Status::no_content}},
      {{.status = Status::not_modified, .answer = text}},
      {{.status = Status::reset_content}},
      {{.method = Method::post, .content = text, .answer = text}},
      {{.method = Method::post, .content = text, .length_known = false, .answer = text}},
      {{.method = Method::post, .content = "", .answer = text}},
      {{.method = Method::put, .content = "", .length_known = false, .answer = text}},
      {{.method = Method::post, .content = text, .expect_continue = true, .answer = text}},
      {{.method = Method::post,
        .content = text,
        .length_known = false,
        .expect_continue = true,
        .answer = text}},
      {{.upgrade = true, .answer = text}},
      {{.method = Method::post, .content = text, .answer = text, .early = true}},
      {{.method = Method::post, .content = text, .length_known = false, .early = true}},
      {{.close = true, .answer = text}, false},
      {{.answer = text, .server_closes = true}, false},
      {{.method = Method::post,
        .content = text,
        .status = Status::content_too_large,
        .server_closes = true,
        .early = true},
       false},
      {{.method = Method::post,
        .content = text,
        .expect_continue = true,
        .status = Status::unauthorized,
        .early = true},
       false},
      {{.upgrade = true, .status = Status::switching_protocols}, false},
  };
  for (const std::size_t stride : {1U, 3U, 7U, 1000U}) {
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      const auto& [scene, keeps] = cases[i];
      SCOPED_TRACE(testing::Message() << "case " << i << ", " << stride << " bytes at a time");
      Line line(stride);
      // An exchange before it and one behind it.
      ASSERT_TRUE(line.play({.answer = "first"}));
      ASSERT_EQ(line.received_, "first");
      ASSERT_EQ(line.play(scene), keeps);
      EXPECT_EQ(line.status_, scene.status);
      EXPECT_EQ(line.switched_, scene.status == Status::switching_protocols);
      const bool content = scene.method != Method::head && !http::forbids_content(scene.status);
      EXPECT_EQ(line.received_, content ? scene.answer : "");
      if (keeps) {
        EXPECT_EQ(line.reflected_, scene.content);
        EXPECT_EQ(line.continues_, scene.expect_continue ? 1 : 0);
        ASSERT_TRUE(line.play({.answer = "last"}));
        EXPECT_EQ(line.received_, "last");
      } else if (scene.expect_continue) {
        EXPECT_EQ(line.sent_, "");
      }
    }
  }
}

}  // namespace
}  // namespace duplex::http1
