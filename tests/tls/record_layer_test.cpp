#include "tls/record_layer.hpp"

#include <gtest/gtest.h>

#include <expected>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/record_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr std::uint8_t application_data = 23;

std::string key_update(bool asks) {
  return {24, 0, 0, 1, static_cast<char>(asks)};
}

std::string alert(std::uint8_t description, std::uint8_t level = 2) {
  return {static_cast<char>(level), static_cast<char>(description)};
}

/// One behind the other, and made in this order, unlike the operands of a plus sign.
std::string joined(std::initializer_list<std::string> parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

/// A record layer, and the keys of the peer at the other end.
class Ends {
 public:
  explicit Ends(Suite suite = Suite::aes_128_gcm_sha256, std::uint64_t sent = 0)
      : layer(opening_key(suite, counted_secret(suite, 1), cache_),
              [&] {
                RecordKey key = sealing_key(suite, counted_secret(suite, 2), cache_);
                key.skip(sent);
                return key;
              }()),
        peer_sealing(sealing_key(suite, counted_secret(suite, 1), cache_)),
        peer_opening(opening_key(suite, counted_secret(suite, 2), cache_)) {
    peer_opening.skip(sent);
  }

 private:
  CipherCache cache_;  // before those who borrow it

 public:
  RecordLayer layer;
  RecordKey peer_sealing;
  RecordKey peer_opening;
  ByteQueue output;

  std::string data(std::string_view text) {
    return sealed(peer_sealing, ContentType::application_data, text);
  }
  std::string handshake(std::string_view message) {
    return sealed(peer_sealing, ContentType::handshake, message);
  }
  std::string alerted(std::string_view content) {
    return sealed(peer_sealing, ContentType::alert, content);
  }
  /// A key update, behind which the peer uses its next key.
  std::string update(bool asks) {
    std::string record = handshake(key_update(asks));
    peer_sealing.update();
    return record;
  }

  struct Heard {
    std::string text;
    bool ended = false;
    bool operator==(const Heard&) const = default;
  };
  /// Opens `ciphertext`, in just the room that is promised.
  std::expected<Heard, Failure> open(std::string_view ciphertext) {
    // On the heap, and of its very size, so that what reads beyond it is found.
    const std::vector<std::byte> input(as_bytes(ciphertext).begin(), as_bytes(ciphertext).end());
    std::vector<std::byte> room(input.size() + room_extra);
    const auto opened = layer.open(input, room, output);
    if (!opened) return std::unexpected(opened.error());
    return Heard{std::string(as_text(room).substr(0, opened->plaintext_bytes)), opened->ended};
  }
  static constexpr std::size_t room_extra = std::size_t{17} * 1024;

  struct Record {
    std::uint8_t type;
    std::string content;
    bool operator==(const Record&) const = default;
  };
  /// What the layer has sent, as the peer opens it; goes on to the next key where it is told to.
  std::vector<Record> sent() {
    std::vector<Record> opened;
    for (const std::string& record : records_in(take_text(output))) {
      std::vector<std::byte> room(record.size());
      const auto content = peer_opening.open(as_bytes(record), room);
      if (!content) {
        ADD_FAILURE() << "the peer can't open what was sent";
        break;
      }
      opened.push_back(
          {content->type, std::string(as_text(room).substr(0, content->content_bytes))});
      if (content->type == 22) peer_opening.update();
    }
    return opened;
  }

  /// That `ciphertext` is refused with this alert.
  void expect_fault(std::string_view ciphertext, std::uint8_t description) {
    const auto heard = open(ciphertext);
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().kind, TlsError::broken);
    EXPECT_FALSE(heard.error().sentence.empty());
    EXPECT_EQ(sent(), (std::vector<Record>{{21, alert(description)}}));
  }
};

using Heard = Ends::Heard;
using Record = Ends::Record;

// ---------------------------------------------------------------------------- data

class RecordLayerOf : public ::testing::TestWithParam<Suite> {};

INSTANTIATE_TEST_SUITE_P(Suites, RecordLayerOf, ::testing::ValuesIn(every_suite));

TEST_P(RecordLayerOf, CarriesDataBothWays) {
  Ends ends(GetParam());
  EXPECT_EQ(ends.open(ends.data("question")), (Heard{"question"}));
  ends.layer.seal(as_bytes("answer"), ends.output);
  EXPECT_EQ(ends.sent(), (std::vector<Record>{{application_data, "answer"}}));
}

TEST_P(RecordLayerOf, OpensTheSameHoweverItIsCut) {
  const auto stream_of = [](Ends& ends) {
    return joined({ends.data("one"), ends.data(""), ends.update(true), ends.data(counted(300)),
                   ends.alerted(alert(90, 1)),
                   padded(ends.peer_sealing, application_data, "pad", 40), ends.data("last"),
                   ends.alerted(alert(0, 1))});
  };
  const std::string expected = "one" + counted(300) + "padlast";
  std::size_t size = 0;
  {
    Ends ends(GetParam());
    const std::string stream = stream_of(ends);
    size = stream.size();
    EXPECT_EQ(ends.open(stream), (Heard{expected, true}));
  }
  for (std::size_t cut = 0; cut <= size; ++cut) {
    Ends ends(GetParam());
    const std::string stream = stream_of(ends);
    const auto first = ends.open(std::string_view(stream).substr(0, cut));
    const auto second = ends.open(std::string_view(stream).substr(cut));
    ASSERT_TRUE(first && second) << cut;
    ASSERT_EQ(first->text + second->text, expected) << cut;
    ASSERT_TRUE(second->ended) << cut;
  }
  Ends ends(GetParam());
  std::string text;
  bool ended = false;
  for (const char byte : stream_of(ends)) {
    ASSERT_FALSE(ended);
    const auto heard = ends.open({&byte, 1});
    ASSERT_TRUE(heard);
    text += heard->text;
    ended = heard->ended;
  }
  EXPECT_EQ(text, expected);
  EXPECT_TRUE(ended);
  EXPECT_EQ(ends.sent(), (std::vector<Record>{{22, key_update(false)}}));
}

TEST(RecordLayer, OpensManyRecordsAtOnceAndKeepsAPartOfTheNext) {
  Ends ends;
  std::string stream;
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    expected += "record " + std::to_string(i);
    stream += ends.data("record " + std::to_string(i));
  }
  const std::string next = ends.data("next");
  EXPECT_EQ(ends.open(stream + next.substr(0, 9)), (Heard{expected}));
  EXPECT_EQ(ends.open(next.substr(9)), (Heard{"next"}));
}

TEST(RecordLayer, OpensTheLargestRecordsInTheRoomThatIsPromised) {
  Ends ends;
  const std::string content = counted(record_content_bytes_max);
  // As long as a record may be at all: full, and padded to the limit of what is protected.
  const std::string full =
      padded(ends.peer_sealing, application_data, content,
             record_protected_bytes_max - content.size() - 1 - record_tag_bytes);
  ASSERT_EQ(full.size(), record_header_bytes + record_protected_bytes_max);
  const std::string plain = ends.data(content);
  EXPECT_EQ(ends.open(full + plain), (Heard{content + content}));
  // And when all but a byte of it came before.
  const std::string again = ends.data(content);
  EXPECT_EQ(ends.open(std::string_view(again).substr(0, again.size() - 1)), (Heard{}));
  EXPECT_EQ(ends.open(again.substr(again.size() - 1)), (Heard{content}));
}

TEST(RecordLayer, SealsInRecordsAsLargeAsAllowed) {
  for (const std::size_t size :
       {std::size_t{1}, record_content_bytes_max - 1, record_content_bytes_max,
        record_content_bytes_max + 1, 3 * record_content_bytes_max + 5}) {
    Ends ends;
    const std::string content = counted(size);
    ends.layer.seal(as_bytes(content), ends.output);
    const auto records = ends.sent();
    EXPECT_EQ(records.size(), (size + record_content_bytes_max - 1) / record_content_bytes_max);
    std::string joined;
    for (const Record& record : records) {
      EXPECT_EQ(record.type, application_data);
      joined += record.content;
    }
    EXPECT_EQ(joined, content) << size;
  }
}

TEST(RecordLayer, SealsNothingAsNothing) {
  Ends ends;
  ends.layer.seal({}, ends.output);
  EXPECT_TRUE(ends.output.empty());
}

// ---------------------------------------------------------------------------- faults

struct Fault {
  const char* name;
  std::uint8_t alert;
  std::function<std::string(Ends&)> ciphertext;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  return out << fault.name;
}

class RecordLayerFaults : public ::testing::TestWithParam<Fault> {};

constexpr std::uint8_t unexpected_message = 10;
constexpr std::uint8_t bad_record_mac = 20;
constexpr std::uint8_t record_overflow = 22;
constexpr std::uint8_t illegal_parameter = 47;
constexpr std::uint8_t decode_error = 50;

std::string with_bit_changed(std::string text, std::size_t place) {
  text[place] = static_cast<char>(text[place] ^ 1);
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, RecordLayerFaults,
    ::testing::Values(
        Fault{"DataInClear", unexpected_message,
              [](Ends&) { return std::string("\x16\x03\x03\x00\x01\x00", 6); }},
        Fault{"ChangeCipherSpec", unexpected_message,  // only while hands are shaken
              [](Ends&) { return std::string("\x14\x03\x03\x00\x01\x01", 6); }},
        Fault{"AlertInClear", unexpected_message,
              [](Ends&) { return std::string("\x15\x03\x03\x00\x02\x01\x00", 7); }},
        Fault{"HttpInClear", unexpected_message, [](Ends&) { return std::string("GET / HTTP"); }},
        Fault{"LongerThanAnyRecord", record_overflow,
              [](Ends&) { return std::string("\x17\x03\x03\x41\x01"); }},
        Fault{"LongestLength", record_overflow,
              [](Ends&) { return std::string("\x17\x03\x03\xFF\xFF"); }},
        Fault{"TooMuchContent", record_overflow,
              [](Ends& ends) { return ends.data(counted(record_content_bytes_max + 1)); }},
        Fault{"Empty", bad_record_mac,
              [](Ends&) { return std::string("\x17\x03\x03\x00\x00", 5); }},
        Fault{"NothingButATag", bad_record_mac,
              [](Ends&) { return std::string("\x17\x03\x03\x00\x10", 5) + std::string(16, 'x'); }},
        Fault{"ChangedVersion", bad_record_mac,
              [](Ends& ends) { return with_bit_changed(ends.data("text"), 2); }},
        Fault{"ChangedContent", bad_record_mac,
              [](Ends& ends) { return with_bit_changed(ends.data("text"), 6); }},
        Fault{"ChangedTag", bad_record_mac,
              [](Ends& ends) {
                const std::string record = ends.data("text");
                return with_bit_changed(record, record.size() - 1);
              }},
        Fault{"Repeated", bad_record_mac,
              [](Ends& ends) {
                const std::string record = ends.handshake(key_update(false));
                return record + record;
              }},
        Fault{"OfTheOldKey", bad_record_mac,
              [](Ends& ends) {
                return joined({ends.handshake(key_update(false)), ends.data("old")});
              }},
        Fault{"OfTheOtherDirection", bad_record_mac,
              [](Ends& ends) {
                ends.layer.seal(as_bytes("text"), ends.output);
                const std::string record = take_text(ends.output);
                // So that what is sent next can be opened.
                ends.peer_opening.skip(1);
                return record;
              }},
        Fault{"WithoutType", unexpected_message,
              [](Ends& ends) { return padded(ends.peer_sealing, 0, "", 10); }},
        Fault{"OfUnknownType", unexpected_message,
              [](Ends& ends) { return sealed(ends.peer_sealing, ContentType{24}, "heartbeat"); }},
        Fault{"ProtectedChangeCipherSpec", unexpected_message,
              [](Ends& ends) {
                return sealed(ends.peer_sealing, ContentType::change_cipher_spec, "\1");
              }},
        Fault{"EmptyAlert", unexpected_message, [](Ends& ends) { return ends.alerted(""); }},
        Fault{"ShortAlert", decode_error, [](Ends& ends) { return ends.alerted("\1"); }},
        Fault{"TwoAlertsInOne", decode_error,
              [](Ends& ends) { return ends.alerted(alert(0, 1) + alert(0, 1)); }},
        Fault{"EmptyHandshake", unexpected_message, [](Ends& ends) { return ends.handshake(""); }},
        Fault{"ClientHello", unexpected_message,
              [](Ends& ends) { return ends.handshake(std::string("\1\0\0\1\0", 5)); }},
        Fault{"Certificate", unexpected_message,
              [](Ends& ends) { return ends.handshake(std::string("\x0B\0\0\4\0\0\0\0", 8)); }},
        Fault{"KeyUpdateOfAnotherLength", decode_error,
              [](Ends& ends) { return ends.handshake(std::string("\x18\0\0\2\0\0", 6)); }},
        Fault{"KeyUpdateOfAnotherKind", illegal_parameter,
              [](Ends& ends) { return ends.handshake(std::string("\x18\0\0\1\2", 5)); }},
        Fault{"KeyUpdateWithMoreBehindIt", unexpected_message,
              [](Ends& ends) { return ends.handshake(key_update(false) + key_update(false)); }},
        Fault{"DataInsideOfAKeyUpdate", unexpected_message,
              [](Ends& ends) {
                return joined({ends.handshake(key_update(false).substr(0, 3)), ends.data("text")});
              }},
        Fault{"AlertInsideOfAKeyUpdate", unexpected_message,
              [](Ends& ends) {
                return joined(
                    {ends.handshake(key_update(false).substr(0, 1)), ends.alerted(alert(0, 1))});
              }},
        Fault{"EmptyHandshakeInsideOfAKeyUpdate", unexpected_message,
              [](Ends& ends) {
                return joined({ends.handshake(key_update(false).substr(0, 1)), ends.handshake("")});
              }},
        Fault{"KeyUpdatesOnly", unexpected_message,
              [](Ends& ends) {
                std::string stream;
                for (int i = 0; i < 33; ++i) stream += ends.update(false);
                return stream;
              }},
        Fault{"EmptyRecordsOnly", unexpected_message,
              [](Ends& ends) {
                std::string stream;
                for (int i = 0; i < 33; ++i) stream += ends.data("");
                return stream;
              }},
        Fault{"WarningsOnly", unexpected_message,
              [](Ends& ends) {
                std::string stream;
                for (int i = 0; i < 33; ++i) stream += ends.alerted(alert(90, 1));
                return stream;
              }}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(RecordLayerFaults, AreAnsweredByTheirAlert) {
  Ends ends;
  ends.expect_fault(GetParam().ciphertext(ends), GetParam().alert);
}

TEST_P(RecordLayerFaults, AreFoundHoweverTheyCome) {
  Ends ends;
  std::string stream = ends.data("before");
  stream += GetParam().ciphertext(ends);
  bool failed = false;
  std::string text;
  for (std::size_t i = 0; i < stream.size() && !failed; ++i) {
    const auto heard = ends.open(std::string_view(stream).substr(i, 1));
    failed = !heard;
    if (heard) text += heard->text;
  }
  EXPECT_TRUE(failed);
  EXPECT_EQ(text, "before");
}

TEST(RecordLayer, EndsByAnAlertOfThePeer) {
  for (const int description : {1, 10, 20, 40, 80, 100, 120, 255}) {
    Ends ends;
    // Whatever its level says (RFC 8446 section 6).
    const auto heard = ends.open(
        joined({ends.data("a"), ends.alerted(alert(static_cast<std::uint8_t>(description), 1))}));
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().kind, TlsError::alert);
    EXPECT_TRUE(ends.output.empty()) << "it is not answered";
  }
  Ends ends;
  const auto heard = ends.open(ends.alerted(alert(20)));
  EXPECT_EQ(heard.error().sentence, "the peer gave up, with the alert \"bad record mac\"");
}

// ---------------------------------------------------------------------------- the end

TEST(RecordLayer, EndsByCloseNotifyAndIgnoresWhatIsBehindIt) {
  Ends ends;
  EXPECT_EQ(ends.open(joined({ends.data("last"), ends.alerted(alert(0, 1)), ends.data("more")})),
            (Heard{"last", true}));
  EXPECT_EQ(ends.open(ends.data("still more")), (Heard{"", true}));
  EXPECT_EQ(ends.open("GET / HTTP/1.1"), (Heard{"", true}));
  EXPECT_TRUE(ends.output.empty());
  // The other direction goes on.
  ends.layer.seal(as_bytes("answer"), ends.output);
  ends.layer.end(ends.output);
  EXPECT_EQ(ends.sent(), (std::vector<Record>{{application_data, "answer"}, {21, alert(0, 1)}}));
}

TEST(RecordLayer, EndsBehindUserCanceled) {
  Ends ends;
  EXPECT_EQ(ends.open(ends.alerted(alert(90, 1))), (Heard{}));
  EXPECT_EQ(ends.open(ends.alerted(alert(0, 1))), (Heard{"", true}));
}

// ---------------------------------------------------------------------------- key updates

TEST_P(RecordLayerOf, UpdatesItsKeysWithThePeer) {
  Ends ends(GetParam());
  EXPECT_EQ(ends.open(joined({ends.update(false), ends.data("a")})), (Heard{"a"}));
  EXPECT_TRUE(ends.sent().empty());
  // Asked twice at once, it answers once (RFC 8446 section 4.6.3).
  EXPECT_EQ(ends.open(joined({ends.update(true), ends.update(true), ends.data("b")})),
            (Heard{"b"}));
  ends.layer.seal(as_bytes("answer"), ends.output);
  EXPECT_EQ(ends.sent(),
            (std::vector<Record>{{22, key_update(false)}, {application_data, "answer"}}));
  // Not again when nobody has asked again.
  EXPECT_EQ(ends.open(ends.data("c")), (Heard{"c"}));
  EXPECT_TRUE(ends.sent().empty());
}

TEST(RecordLayer, TakesAKeyUpdateInPieces) {
  for (std::size_t cut = 1; cut < 5; ++cut) {
    Ends ends;
    const std::string message = key_update(true);
    std::string stream =
        joined({ends.handshake(message.substr(0, cut)), ends.handshake(message.substr(cut))});
    ends.peer_sealing.update();
    stream += ends.data("text");
    EXPECT_EQ(ends.open(stream), (Heard{"text"})) << cut;
    EXPECT_EQ(ends.sent(), (std::vector<Record>{{22, key_update(false)}}));
  }
}

TEST(RecordLayer, BearsAsManyRecordsWithoutDataAsOpensslDoes) {
  Ends ends;
  for (int round = 0; round < 3; ++round) {
    std::string stream;
    for (int i = 0; i < 32; ++i) stream += ends.update(false);
    EXPECT_EQ(ends.open(stream + ends.data("a")), (Heard{"a"}));
  }
}

TEST(RecordLayer, TakesANewKeyBeforeTheOldOneIsUsedTooOften) {
  constexpr std::uint64_t records_max = std::uint64_t{1} << 24U;
  Ends ends(Suite::aes_128_gcm_sha256, records_max - 1);
  ends.layer.seal(as_bytes("the last"), ends.output);
  ends.layer.seal(as_bytes("the first"), ends.output);
  ends.layer.seal(as_bytes("the second"), ends.output);
  EXPECT_EQ(ends.sent(), (std::vector<Record>{{application_data, "the last"},
                                              {22, key_update(false)},
                                              {application_data, "the first"},
                                              {application_data, "the second"}}));
}

TEST(RecordLayer, ForgetsItsKeys) {
  Ends ends;
  EXPECT_EQ(ends.open(ends.data("a")), (Heard{"a"}));
  ends.layer.forget_keys();
}

// What an idle connection costs.
static_assert(sizeof(RecordLayer) <= 320);

}  // namespace
}  // namespace duplex::tls
