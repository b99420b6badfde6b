#include "serve_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "config_file.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A setting as the command line gives it.
Setting given(std::string name, std::vector<std::string> values) {
  std::string source = "--" + name;
  return {std::move(name), std::move(values), std::move(source)};
}

ServeOptions resolved(const std::vector<Setting>& settings) {
  return resolve(settings);
}

/// What the user is told; empty when nothing is wrong.
std::string complaint(const std::vector<Setting>& settings) {
  try {
    resolve(settings);
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::string config_complaint(const std::string& toml) {
  try {
    resolve(parse_config(toml, "duplex.toml"));
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::vector<std::string> addresses(const ServeOptions& options) {
  std::vector<std::string> result;
  for (const server::ListenOptions& listen : options.listen) {
    result.push_back(listen.address + " " + std::to_string(listen.port) + listen.unix_path);
  }
  return result;
}

TEST(ServeOptions, TakesEveryOption) {
  const ServeOptions options = resolved({
      given("dir", {"public"}),
      given("spa", {"true"}),
      given("list", {"true"}),
      given("listen", {"127.0.0.1:1", "[::1]:2"}),
      given("reuse-port", {"true"}),
      given("threads", {"3"}),
      given("origin", {"https://a.example", "*"}),
      given("compress", {"true"}),
      given("compress-level", {"9"}),
      given("compress-min", {"1K"}),
      given("compress-window", {"10"}),
      given("compress-keep", {"true"}),
      given("max-message", {"64MiB"}),
      given("max-body", {"0"}),
      given("max-connections", {"10"}),
      given("connections-per-address", {"5"}),
      given("heartbeat", {"0"}),
      given("idle-timeout", {"5"}),
      given("shutdown-timeout", {"0.5"}),
      given("log", {"json"}),
  });
  EXPECT_EQ(options.folder, "public");
  EXPECT_TRUE(options.single_page);
  EXPECT_TRUE(options.list);
  EXPECT_THAT(addresses(options), ElementsAre("127.0.0.1 1", "::1 2"));
  EXPECT_TRUE(options.reuse_port);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_THAT(options.origins, ElementsAre("https://a.example", "*"));
  EXPECT_EQ(deflate_of(options.compress), (websocket::DeflateOptions{
                                              .send_window_bits_max = 10,
                                              .receive_window_bits_max = 10,
                                              .keep_send_window = true,
                                              .keep_receive_window = true,
                                              .level = 9,
                                              .threshold_bytes = 1024,
                                          }));
  EXPECT_EQ(options.message_bytes_max, 64U * 1024 * 1024);
  EXPECT_EQ(options.body_bytes_max, 0U);
  EXPECT_EQ(options.connections_max, 10U);
  EXPECT_EQ(options.connections_per_address_max, 5U);
  EXPECT_EQ(options.heartbeat.count(), 0);
  EXPECT_EQ(options.idle_timeout.count(), 5000);
  EXPECT_EQ(options.shutdown_timeout.count(), 500);
  EXPECT_EQ(options.log, LogFormat::json);
}

TEST(ServeOptions, NamesTheOptionThatIsWrong) {
  const struct {
    Setting setting;
    std::string_view complaint;
  } cases[] = {
      {given("threads", {"many"}), "--threads: \"many\" is not a number from 0 to 1024"},
      {given("threads", {"1", "2"}), "--threads: has more than one value"},
      {given("threads", {}), "--threads: needs a value"},
      {given("listen", {"8080"}), "--listen: \"8080\" is not an address"},
      {given("origin", {"example.com"}), "--origin: \"example.com\" is not an origin"},
      {given("compress-level", {"0"}), "--compress-level: \"0\" is not a number from 1 to 9"},
      {given("compress-min", {"small"}), "--compress-min: \"small\" is not a size"},
      {given("compress-window", {"8"}), "--compress-window: \"8\" is not a number from 9 to 15"},
      {given("compress-window", {"16"}), "--compress-window: \"16\" is not a number from 9 to 15"},
      {given("max-message", {"64Q"}), "--max-message: \"64Q\" is not a size"},
      {given("max-message", {"0"}), "--max-message: nothing at all would be allowed"},
      {given("max-connections", {"0"}), "--max-connections: \"0\" is not"},
      {given("idle-timeout", {"0"}), "--idle-timeout: write more than 0"},
      {given("log", {"xml"}), "--log: \"xml\" is not a kind of log; write text, json or off"},
      {given("list", {"maybe"}), "--list: \"maybe\" is neither true nor false"},
      {given("spa", {"true"}), "--spa needs a folder"},
      {given("list", {"true"}), "--list needs a folder"},
      {given("nonsense", {"1"}), "--nonsense: there is no such option; there are dir, spa"},
  };
  for (const auto& [setting, expected] : cases) {
    EXPECT_THAT(complaint({setting}), HasSubstr(expected));
  }
}

TEST(ServeOptions, CompressOnlyWhenAskedTo) {
  EXPECT_EQ(deflate_of(resolved({}).compress), std::nullopt);
  EXPECT_EQ(deflate_of(resolved({given("compress", {"true"})}).compress),
            websocket::DeflateOptions());
  for (const Setting& setting :
       {given("compress-level", {"6"}), given("compress-min", {"0"}),
        given("compress-window", {"15"}), given("compress-keep", {"true"})}) {
    EXPECT_EQ(complaint({setting}), setting.source + " needs --compress");
    EXPECT_EQ(complaint({setting, given("compress", {"true"})}), "");
    EXPECT_EQ(complaint({setting, given("compress", {"false"})}), "") << "it was said";
  }
  EXPECT_EQ(complaint({given("compress-keep", {"false"})}), "");
}

TEST(ServeOptions, LetTheCommandLineSwitchTheCompressionOfAFileOff) {
  std::vector<Setting> settings = parse_config("compress = true\ncompress-level = 9\n", "x.toml");
  EXPECT_EQ(deflate_of(resolved(settings).compress).value().level, 9);
  settings.push_back(given("compress", {"false"}));
  EXPECT_EQ(deflate_of(resolved(settings).compress), std::nullopt);
}

TEST(ServeOptions, SayHowMessagesAreCompressed) {
  EXPECT_EQ(
      describe_compression({}),
      "WebSocket messages from 64 bytes on are compressed for clients that offer it: level 1, "
      "a window of 32768 bytes, each message begins anew");
  EXPECT_EQ(
      describe_compression(
          {.send_window_bits_max = 9, .keep_send_window = true, .level = 9, .threshold_bytes = 0}),
      "WebSocket messages from 0 bytes on are compressed for clients that offer it: level 9, "
      "a window of 512 bytes, kept from message to message");
}

TEST(ServeOptions, TakesEveryOptionOfEncryption) {
  const TlsOptions options = resolved({
                                          given("listen", {":80"}),
                                          given("tls-listen", {":443", "[::1]:8443"}),
                                          given("tls-cert", {"a.pem", "b.pem"}),
                                          given("tls-key", {"a-key.pem", "b-key.pem"}),
                                          given("tls-key-passphrase", {"passphrase"}),
                                          given("tls-client-ca", {"ca.pem"}),
                                          given("tls-client-cert", {"optional"}),
                                          given("tls-min", {"1.3"}),
                                          given("redirect-to-https", {"true"}),
                                          given("hsts", {"31536000"}),
                                          given("hsts-subdomains", {"true"}),
                                      })
                                 .tls;
  EXPECT_TRUE(options.enabled());
  EXPECT_EQ(options.listen.at(0).port, 443);
  EXPECT_EQ(options.listen.at(1).address, "::1");
  EXPECT_TRUE(options.redirect);
  EXPECT_EQ(options.strict_transport.value().count(), 31'536'000);
  EXPECT_TRUE(options.strict_transport_subdomains);

  const tls::ServerOptions encryption = encryption_of(options);
  EXPECT_EQ(encryption.certificate, "a.pem");
  EXPECT_EQ(encryption.key, "a-key.pem");
  EXPECT_EQ(encryption.passphrase_file, "passphrase");
  ASSERT_EQ(encryption.more.size(), 1U);
  EXPECT_EQ(encryption.more[0].certificate, "b.pem");
  EXPECT_EQ(encryption.more[0].key, "b-key.pem");
  EXPECT_EQ(encryption.more[0].passphrase_file, "passphrase") << "one is for all";
  EXPECT_EQ(encryption.client_ca, "ca.pem");
  EXPECT_EQ(encryption.client_certificates, tls::ClientCertificates::optional);
  EXPECT_EQ(encryption.version_min, tls::Version::tls_1_3);
}

TEST(ServeOptions, PairCertificatesKeysAndPassphrasesByTheirOrder) {
  const tls::ServerOptions keyless = encryption_of(
      resolved({given("tls-cert", {"a.p12", "b.p12"}), given("tls-key-passphrase", {"1", "2"})})
          .tls);
  EXPECT_EQ(keyless.key, "");
  EXPECT_EQ(keyless.passphrase_file, "1");
  EXPECT_EQ(keyless.more.at(0).key, "");
  EXPECT_EQ(keyless.more.at(0).passphrase_file, "2");
}

TEST(ServeOptions, EncryptNothingByDefault) {
  EXPECT_FALSE(resolved({}).tls.enabled());
  EXPECT_FALSE(encryption_of(resolved({}).tls).enabled());
  const tls::ServerOptions encryption = encryption_of(resolved({given("tls-cert", {"a"})}).tls);
  EXPECT_EQ(encryption.version_min, tls::Version::tls_1_2);
  EXPECT_EQ(encryption.client_certificates, tls::ClientCertificates::required);
  EXPECT_TRUE(encryption.watch_files);
}

TEST(ServeOptions, SayWhatEncryptionLacks) {
  const Setting certificate = given("tls-cert", {"a"});
  const Setting self_signed = given("tls-self-signed", {"true"});
  const Setting clear = given("listen", {":80"});
  const Setting encrypted = given("tls-listen", {":443"});
  const Setting redirect = given("redirect-to-https", {"true"});
  const struct {
    std::vector<Setting> settings;
    std::string_view complaint;
  } cases[] = {
      {{encrypted},
       "--tls-listen needs a certificate: --tls-cert FILE --tls-key FILE, or --tls-self"},
      {{given("tls-client-ca", {"a"})}, "--tls-client-ca needs a certificate"},
      {{given("tls-client-cert", {"required"})}, "--tls-client-cert needs a certificate"},
      {{given("tls-min", {"1.3"})}, "--tls-min needs a certificate"},
      {{clear, redirect}, "--redirect-to-https needs a certificate"},
      {{given("hsts", {"1"})}, "--hsts needs a certificate"},
      {{given("hsts", {"0"})}, "--hsts needs a certificate"},
      {{certificate, given("hsts-subdomains", {"true"})}, "--hsts-subdomains needs --hsts"},
      {{certificate, given("hsts", {"0"}), given("hsts-subdomains", {"true"})},
       "--hsts-subdomains needs --hsts"},
      {{given("tls-key", {"a"})}, "1 of --tls-key and 0 of --tls-cert"},
      {{given("tls-cert", {"a", "b"}), given("tls-key", {"a"})},
       "1 of --tls-key and 2 of --tls-cert"},
      {{given("tls-key-passphrase", {"a"})}, "give that too"},
      {{certificate, given("tls-key-passphrase", {"a", "b"})},
       "2 of --tls-key-passphrase and 1 of"},
      {{certificate, self_signed}, "don't go together"},
      {{certificate, clear}, "nothing would be encrypted"},
      {{self_signed, clear}, "nothing would be encrypted"},
      {{certificate, clear, given("tls-listen", {":443", ":80"})}, "name the same address"},
      {{certificate, given("tls-client-cert", {"optional"})},
       "--tls-client-cert needs --tls-client-ca"},
      {{certificate, encrypted, redirect}, "--redirect-to-https needs an address in clear"},
      {{certificate, clear, given("tls-listen", {"unix:/tmp/x"}), redirect},
       "needs a port to lead to"},
      {{given("tls-cert", {""})}, "--tls-cert: needs the name of a file"},
      {{given("tls-client-ca", {""})}, "--tls-client-ca: needs the name of a file"},
      {{given("tls-min", {"1.1"})},
       "--tls-min: \"1.1\" is not a version to be had; write 1.2 or 1.3"},
      {{given("tls-client-cert", {"maybe"})}, "--tls-client-cert: \"maybe\" is neither"},
      {{given("hsts", {"forever"})}, "--hsts: \"forever\" is not a number"},
      {{given("tls-listen", {"443"})}, "--tls-listen: \"443\" is not an address"},
  };
  for (const auto& [settings, expected] : cases) {
    EXPECT_THAT(complaint(settings), HasSubstr(expected));
  }
  for (const std::vector<Setting>& settings : {std::vector{certificate},
                                               {self_signed},
                                               {self_signed, encrypted},
                                               {certificate, given("hsts", {"0"})},
                                               {certificate, clear, encrypted},
                                               {certificate, clear, encrypted, redirect}}) {
    EXPECT_EQ(complaint(settings), "");
  }
}

TEST(ServeOptions, ShareNoUnixSocket) {
  const Setting share = given("reuse-port", {"true"});
  const Setting encrypted = given("tls-listen", {":443", "unix:/tmp/x"});
  EXPECT_EQ(complaint({share, given("listen", {":80"})}), "");
  for (const Setting& addresses : {given("listen", {":80", "unix:/tmp/x"}), encrypted}) {
    EXPECT_THAT(
        complaint({share, given("tls-cert", {"a"}), given("tls-listen", {":443"}), addresses}),
        HasSubstr("--reuse-port and unix:PATH don't go together"));
  }
}

TEST(ServeOptions, LetLaterSettingsReplaceEarlierOnes) {
  std::vector<Setting> settings = parse_config(R"(
      threads = 2
      list = true
      dir = "a"
      listen = ["127.0.0.1:1", "127.0.0.1:2"]
      log = "json"
  )",
                                               "duplex.toml");
  settings.push_back(given("threads", {"5"}));
  settings.push_back(given("list", {"false"}));
  settings.push_back(given("listen", {"127.0.0.1:3"}));
  const ServeOptions options = resolved(settings);
  EXPECT_EQ(options.threads, 5U);
  EXPECT_FALSE(options.list);
  EXPECT_EQ(options.folder, "a");
  EXPECT_THAT(addresses(options), ElementsAre("127.0.0.1 3"));
  EXPECT_EQ(options.log, LogFormat::json);
}

TEST(ServeOptions, HaveEachNameOnceAndAHelp) {
  std::set<std::string_view> names;
  for (const ServeOption& option : serve_option_table()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_FALSE(option.help.empty()) << option.name;
  }
}

TEST(ConfigFile, TakesNumbersTextsChoicesAndLists) {
  const ServeOptions options = resolved(parse_config(R"(
      # a comment
      dir = "public"
      threads = 4
      max-message = 65536
      max-body = "32M"
      heartbeat = 0.5
      spa = true
      compress = true
      compress-level = 6
      listen = "unix:/tmp/x"
      origin = ["https://a.example", "https://b.example"]
  )",
                                                     "duplex.toml"));
  EXPECT_EQ(options.threads, 4U);
  EXPECT_EQ(options.message_bytes_max, 65536U);
  EXPECT_EQ(options.body_bytes_max, 32U * 1024 * 1024);
  EXPECT_EQ(options.heartbeat.count(), 500);
  EXPECT_TRUE(options.single_page);
  EXPECT_EQ(options.compress.enabled, true);
  EXPECT_EQ(options.compress.level, 6);
  EXPECT_EQ(options.listen.at(0).unix_path, "/tmp/x");
  EXPECT_THAT(options.origins, ElementsAre("https://a.example", "https://b.example"));
}

TEST(ConfigFile, HasTheNamesOfEncryptionToo) {
  const TlsOptions options = resolved(parse_config(R"(
      listen = ":80"
      tls-listen = [":443"]
      tls-cert = ["rsa.pem", "ecdsa.pem"]
      tls-key = ["rsa-key.pem", "ecdsa-key.pem"]
      tls-min = 1.3
      redirect-to-https = true
      hsts = 86400
  )",
                                                   "duplex.toml"))
                                 .tls;
  EXPECT_THAT(options.certificates, ElementsAre("rsa.pem", "ecdsa.pem"));
  EXPECT_THAT(options.keys, ElementsAre("rsa-key.pem", "ecdsa-key.pem"));
  EXPECT_EQ(options.version_min, tls::Version::tls_1_3);
  EXPECT_TRUE(options.redirect);
  EXPECT_EQ(options.strict_transport.value().count(), 86'400);
}

TEST(ConfigFile, NamesLineAndKeyOfWhatIsWrong) {
  const struct {
    std::string toml;
    std::string_view complaint;
  } cases[] = {
      {"threads = 1\nlissten = \":80\"\n", "duplex.toml:2: lissten: there is no such option"},
      {"\n\nthreads = \"x\"\n", "duplex.toml:3: threads: \"x\" is not a number"},
      {"config = \"other.toml\"", "duplex.toml:1: config: there is no such option"},
      {"max-message = -1", "duplex.toml:1: max-message: \"-1\" is not a size"},
      {"threads = [1, 2]", "duplex.toml:1: threads: has more than one value"},
      {"threads = []", "duplex.toml:1: threads: needs a value"},
      {"threads = 2020-01-01", "duplex.toml:1: threads: write a text in quotes"},
      {"listen = [[\":80\"]]", "duplex.toml:1: listen: write a text in quotes"},
      {"[serve]\nthreads = 1\n", "duplex.toml:1: serve: write a text in quotes"},
      {"threads = 1\nthreads = 2\n", "duplex.toml:2: "},
      {"threads 1", "duplex.toml:1: "},
      {"threads = 1\ncompress-level = 6\n", "duplex.toml:2: compress-level needs compress = true"},
      {"compress-keep = true", "duplex.toml:1: compress-keep needs compress = true"},
  };
  for (const auto& [toml, expected] : cases) {
    EXPECT_THAT(config_complaint(toml), testing::StartsWith(expected)) << toml;
  }
}

TEST(ConfigFile, MayKeepTheOptionsOfACompressionThatIsSwitchedOff) {
  EXPECT_EQ(config_complaint("compress = false\ncompress-level = 6\ncompress-keep = true\n"), "");
}

TEST(ConfigFile, IsNotBlamedForWhatTheCommandLineLacks) {
  std::vector<Setting> settings = parse_config("compress-keep = false", "duplex.toml");
  settings.push_back(given("compress-keep", {"true"}));
  EXPECT_EQ(complaint(settings), "--compress-keep needs --compress");
}

TEST(ConfigFile, SaysThatItCanNotBeRead) {
  for (const char* const path : {"/nonexistent/duplex.toml", "/"}) {
    try {
      read_config_file(path);
      ADD_FAILURE() << path;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path));
    }
  }
}

}  // namespace
}  // namespace duplex::app
