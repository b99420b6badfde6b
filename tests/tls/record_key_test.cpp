#include "tls/record_key.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/record_support.hpp"

namespace duplex::tls {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

std::string from_hex(std::string_view digits) {
  std::string bytes;
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4U];
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15U];
  }
  return digits;
}

struct Record {
  std::uint8_t type;
  std::string content;

  bool operator==(const Record&) const = default;
};

std::optional<Record> open(RecordKey& key, std::string_view record) {
  // Exactly the room that the contract asks for, so that a byte too many is seen.
  std::vector<std::byte> room(record.size());
  const auto opened = key.open(as_bytes(record), room);
  if (!opened) return std::nullopt;
  return Record{opened->type, std::string(as_text(room).substr(0, opened->content_bytes))};
}

constexpr auto application_data = static_cast<std::uint8_t>(ContentType::application_data);
constexpr auto alert = static_cast<std::uint8_t>(ContentType::alert);
constexpr auto handshake = static_cast<std::uint8_t>(ContentType::handshake);

// ------------------------------------------------- RFC 8448 section 3, "Simple 1-RTT Handshake"

const std::string client_secret =
    from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
const std::string server_secret =
    from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
const std::string payload = from_hex(
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "202122232425262728292a2b2c2d2e2f3031");
const std::string close_notify = from_hex("0100");

const std::string client_data = from_hex(
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20"
    "441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4");
const std::string client_alert = from_hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3");
const std::string server_ticket = from_hex(
    "17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758"
    "db289a015940252f55713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0"
    "d4a3d03f75e09c30ba1e62972ac46f75f7b981be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77c"
    "a475840025db2f0a77f81b5ab05b94c01346755f69232c86519d86cbeeac87aac347d143f9605d64f650db4d02"
    "3e70e952ca49fe5137121c74bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985"
    "684f");
const std::string server_data = from_hex(
    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb50"
    "1a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d");
const std::string server_alert = from_hex("1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9");

TEST(RecordKey, SealsAsRfc8448) {
  CipherCache cache;
  RecordKey client = sealing_key(Suite::aes_128_gcm_sha256, client_secret, cache);
  EXPECT_EQ(sealed(client, ContentType::application_data, payload), client_data);
  EXPECT_EQ(sealed(client, ContentType::alert, close_notify), client_alert);

  RecordKey server = sealing_key(Suite::aes_128_gcm_sha256, server_secret, cache);
  server.skip(1);  // the session ticket
  EXPECT_EQ(sealed(server, ContentType::application_data, payload), server_data);
  EXPECT_EQ(sealed(server, ContentType::alert, close_notify), server_alert);
}

TEST(RecordKey, OpensAsRfc8448) {
  CipherCache cache;
  RecordKey client = opening_key(Suite::aes_128_gcm_sha256, client_secret, cache);
  EXPECT_EQ(open(client, client_data), (Record{application_data, payload}));
  EXPECT_EQ(open(client, client_alert), (Record{alert, close_notify}));

  RecordKey server = opening_key(Suite::aes_128_gcm_sha256, server_secret, cache);
  const auto ticket = open(server, server_ticket);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->type, handshake);
  EXPECT_EQ(ticket->content.substr(0, 4), from_hex("040000c9"));
  EXPECT_EQ(open(server, server_data), (Record{application_data, payload}));
  EXPECT_EQ(open(server, server_alert), (Record{alert, close_notify}));
}

// ------------------------------------------------- vectors of an independent implementation

/// Records that hold "duplex" as application data, protected by a secret of the bytes 0, 1, 2 and
/// so on. Made by RFC 8446 sections 5.2, 5.3, 7.1 and 7.3 with Python's hmac and the AEADs of its
/// `cryptography` 38, in a program that gave RFC 8448's records, too.
struct Vectors {
  Suite suite;
  std::vector<std::pair<std::uint64_t, std::string>> by_sequence;
  std::string padded_handshake;  ///< of type 22, with three bytes of padding
  std::string updated_once;
  std::string updated_twice;
};

class RecordKeyVectors : public ::testing::TestWithParam<Vectors> {};

INSTANTIATE_TEST_SUITE_P(
    Suites, RecordKeyVectors,
    ::testing::Values(
        Vectors{Suite::aes_128_gcm_sha256,
                {{0, "1703030017417d9752ce4e784c4e15aad2ce4699f3bbc3e498020d53"},
                 {255, "17030300170be3eac2531112056417f90f276035bb791823e2c396ca"},
                 {256, "170303001712bea87440bd648c3a795f0553d490ebc724d03620bc16"},
                 {65536, "170303001794956ceb8afb4bba70b529abbaa5a7b39229f47fa15ffa"},
                 {0xFFFFFFFF, "17030300175166b0b1291bdd9b647313393e75db00253a087fc28dcc"},
                 {0x100000000, "1703030017334a9ebd540a0d531a17c9b4c9e77c6f17a1ce58b93309"},
                 {0x100000000000000, "1703030017fc9103d006cf08e227a99c443981b032919881e40061f2"}},
                "170303001a417d9752ce4e799de63db0ead7527357acfbbdde2f5c9b17416f",
                "1703030017be411f0a7c4acdf618c8128c9699d435659826cab899a8",
                "1703030017aa9e313544f0b6096cfdd52a8f0104a96cfe5ecc331469"},
        Vectors{Suite::aes_256_gcm_sha384,
                {{0, "17030300172c420f507075a17071e350fbb41f95c384babb41dae098"},
                 {255, "1703030017c971cf05ac8f96ef4070fa6bb7fd3a4201eebe50ae01ef"},
                 {256, "1703030017916a70da38775aa2d85d22612d2fa4d5858db4a691819e"},
                 {65536, "17030300176e13b5b2c400ff374dd1bb73946852159a1694153759cc"},
                 {0xFFFFFFFF, "1703030017f6464d77e366351400d61836d2d8f764bab95b1c80850c"},
                 {0x100000000, "17030300179bbfce23b69277815320f79cbe731a27dbdeb33f7da4a7"},
                 {0x100000000000000, "1703030017491107e415ecac3c02d54dfa6700055835d9c84f3b91f6"}},
                "170303001a2c420f507075a08591c44fc795964d26ff779cbd5a46f80ea190",
                "170303001748e0d3ebe27e8888998e7e14fdab16db5896352328985a",
                "1703030017330dceecb6427c47340c284e4f05559add92395e59e94c"},
        Vectors{Suite::chacha20_poly1305_sha256,
                {{0, "1703030017d6db1b92620dada11f0e7c2b2f124d975c9cc2f9eb794d"},
                 {255, "17030300173005de02c9b12312113a6021493fdbed229e365fb23272"},
                 {256, "17030300179e3eaa88cc8b65fc4541146558c67cbc118cb105a78dac"},
                 {65536, "1703030017d434a480bf63baaf808c69ecc5281a22254f16e96d1c03"},
                 {0xFFFFFFFF, "1703030017062e59022ac7611a7026a3f02fce82a55b6a5b21815ec1"},
                 {0x100000000, "1703030017cf9ccc301bade1d85d6e95d5b47fa030d93ffeb9623f37"},
                 {0x100000000000000, "17030300179732987738bae59107e9d4f212c098c792270d986257b1"}},
                "170303001ad6db1b92620dace1ef6dcb1e553fdae3f129ea215eb35abfc7bd",
                "1703030017767e419757d9d1d39b5b55fc7c29099e9d54d494ff6507",
                "1703030017597298d1824e61fa338117aa195f5f0a6e53ff65c5f485"}));

TEST_P(RecordKeyVectors, NumberTheirRecords) {
  CipherCache cache;
  const std::string secret = counted_secret(GetParam().suite);
  RecordKey sealing = sealing_key(GetParam().suite, secret, cache);
  RecordKey opening = opening_key(GetParam().suite, secret, cache);
  for (const auto& [sequence, record] : GetParam().by_sequence) {
    sealing.skip(sequence - sealing.sequence());
    opening.skip(sequence - opening.sequence());
    EXPECT_EQ(to_hex(sealed(sealing, ContentType::application_data, "duplex")), record) << sequence;
    EXPECT_EQ(open(opening, from_hex(record)), (Record{application_data, "duplex"})) << sequence;
    EXPECT_EQ(sealing.sequence(), sequence + 1);
    EXPECT_EQ(opening.sequence(), sequence + 1);
  }
}

TEST_P(RecordKeyVectors, ArePadded) {
  CipherCache cache;
  RecordKey key = opening_key(GetParam().suite, counted_secret(GetParam().suite), cache);
  EXPECT_EQ(open(key, from_hex(GetParam().padded_handshake)), (Record{handshake, "duplex"}));
}

TEST_P(RecordKeyVectors, GoOnToTheNextKey) {
  CipherCache cache;
  const std::string secret = counted_secret(GetParam().suite);
  RecordKey sealing = sealing_key(GetParam().suite, secret, cache);
  RecordKey opening = opening_key(GetParam().suite, secret, cache);
  for (const std::string& record : {GetParam().updated_once, GetParam().updated_twice}) {
    sealing.skip(7);  // the numbers begin anew
    sealing.update();
    opening.update();
    EXPECT_EQ(to_hex(sealed(sealing, ContentType::application_data, "duplex")), record);
    EXPECT_EQ(open(opening, from_hex(record)), (Record{application_data, "duplex"}));
  }
}

// ---------------------------------------------------------------------------- properties

class RecordKeyOf : public ::testing::TestWithParam<Suite> {
 protected:
  CipherCache cache_;
  RecordKey sealing_ = sealing_key(GetParam(), counted_secret(GetParam()), cache_);
  RecordKey opening_ = opening_key(GetParam(), counted_secret(GetParam()), cache_);
};

INSTANTIATE_TEST_SUITE_P(Suites, RecordKeyOf, ::testing::ValuesIn(every_suite));

TEST_P(RecordKeyOf, OpensWhatItSealsOfEverySize) {
  const std::string content = counted(record_content_bytes_max);
  std::vector<std::size_t> sizes = {0,    1,    15,   16,   17,    1022,  1023, 1024,
                                    1025, 4095, 4096, 8191, 16382, 16383, 16384};
  for (const std::size_t size : sizes) {
    const std::string part = content.substr(0, size);
    const std::string record = sealed(sealing_, ContentType::application_data, part);
    EXPECT_EQ(record.size(), record_header_bytes + size + 1 + record_tag_bytes);
    EXPECT_EQ(open(opening_, record), (Record{application_data, part})) << size;
  }
}

TEST_P(RecordKeyOf, SealsBehindWhatIsThere) {
  ByteQueue output;
  output.append("before");
  sealing_.seal(ContentType::application_data, as_bytes("a"), output);
  sealing_.seal(ContentType::alert, as_bytes("b"), output);
  const std::string all = take_text(output);
  EXPECT_EQ(all.substr(0, 6), "before");
  const auto records = records_in(std::string_view(all).substr(6));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(open(opening_, records[0]), (Record{application_data, "a"}));
  EXPECT_EQ(open(opening_, records[1]), (Record{alert, "b"}));
}

TEST_P(RecordKeyOf, OpensNothingOfWhichABitHasChanged) {
  const std::string record = sealed(sealing_, ContentType::application_data, "duplex");
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    // The length is not for this class to check, but its copy in the header is authenticated.
    std::string changed = record;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    RecordKey key = opening_key(GetParam(), counted_secret(GetParam()), cache_);
    EXPECT_FALSE(open(key, changed)) << bit;
  }
  EXPECT_TRUE(open(opening_, record));
}

TEST_P(RecordKeyOf, OpensNothingThatIsCut) {
  const std::string record = sealed(sealing_, ContentType::application_data, "duplex");
  for (std::size_t size = record_header_bytes; size < record.size(); ++size) {
    RecordKey key = opening_key(GetParam(), counted_secret(GetParam()), cache_);
    EXPECT_FALSE(open(key, record.substr(0, size))) << size;
  }
}

TEST_P(RecordKeyOf, OpensNothingTwiceAndNothingOutOfTurn) {
  const std::string first = sealed(sealing_, ContentType::application_data, "first");
  const std::string second = sealed(sealing_, ContentType::application_data, "second");
  EXPECT_FALSE(open(opening_, second));
  RecordKey another = opening_key(GetParam(), counted_secret(GetParam()), cache_);
  EXPECT_TRUE(open(another, first));
  EXPECT_FALSE(open(another, first));
}

TEST_P(RecordKeyOf, FindsNoTypeInPadding) {
  EXPECT_EQ(open(opening_, padded(sealing_, 0, "", 0)), (Record{0, ""}));
  EXPECT_EQ(open(opening_, padded(sealing_, 0, "", 1000)), (Record{0, ""}));
  // Zeros before the type are content.
  const std::string zeros(5, '\0');
  EXPECT_EQ(open(opening_, padded(sealing_, application_data, zeros, 9)),
            (Record{application_data, zeros}));
}

TEST_P(RecordKeyOf, WorksOnWhereItIsMoved) {
  EXPECT_TRUE(open(opening_, sealed(sealing_, ContentType::application_data, "a")));
  RecordKey sealing(std::move(sealing_));
  RecordKey opening(std::move(opening_));
  EXPECT_EQ(open(opening, sealed(sealing, ContentType::application_data, "b")),
            (Record{application_data, "b"}));
}

TEST_P(RecordKeyOf, GoesOnWhenTheCacheHasForgottenIt) {
  EXPECT_TRUE(open(opening_, sealed(sealing_, ContentType::application_data, "a")));
  sealing_.forget();
  opening_.forget();
  EXPECT_TRUE(open(opening_, sealed(sealing_, ContentType::application_data, "b")));
}

// More keys than the cache has room for, of all suites in turn, each used more than once.
TEST(RecordKeys, SharesOneCacheHoweverManyTheyAre) {
  CipherCache cache;
  std::vector<std::pair<RecordKey, RecordKey>> pairs;
  for (int i = 0; i < 1500; ++i) {
    const Suite suite = every_suite[static_cast<std::size_t>(i) % every_suite.size()];
    const std::string secret = counted_secret(suite, i);
    pairs.emplace_back(sealing_key(suite, secret, cache), opening_key(suite, secret, cache));
  }
  for (int round = 0; round < 3; ++round) {
    for (auto& [sealing, opening] : pairs) {
      const std::string text = "round " + std::to_string(round);
      ASSERT_EQ(open(opening, sealed(sealing, ContentType::application_data, text)),
                (Record{application_data, text}));
    }
  }
}

TEST(CipherCache, ForgetsAKey) {
  CipherCache cache;
  const std::string key(16, 'k');
  const CipherCache::Key one{.id = cache.new_id(),
                             .suite = Suite::aes_128_gcm_sha256,
                             .sealing = true,
                             .bytes = as_bytes(key)};
  EVP_CIPHER_CTX& context = cache.find(one);
  EXPECT_NE(EVP_CIPHER_CTX_get0_cipher(&context), nullptr);
  cache.forget(one.id + 1024);  // another, of the same slot
  EXPECT_NE(EVP_CIPHER_CTX_get0_cipher(&context), nullptr);
  cache.forget(one.id);
  EXPECT_EQ(EVP_CIPHER_CTX_get0_cipher(&context), nullptr);
  cache.forget(one.id);
  EXPECT_NE(EVP_CIPHER_CTX_get0_cipher(&cache.find(one)), nullptr);
}

TEST(Suite, IsKnownByItsNumber) {
  for (const Suite suite : every_suite) EXPECT_EQ(suite_of(facts_of(suite).number), suite);
  EXPECT_EQ(suite_of(0x1304), std::nullopt);  // AES-128-CCM
  EXPECT_EQ(suite_of(0), std::nullopt);
}

}  // namespace
}  // namespace duplex::tls
