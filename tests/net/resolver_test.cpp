#include "net/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/net/name_server_support.hpp"

namespace duplex::net {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using Result = std::expected<Resolution, std::error_code>;
using Answers = std::vector<std::string>;

/// Runs the loop until `done`; false when that takes longer than any test should.
bool run_until(EventLoop& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.run_once(100);
  }
  return true;
}

std::vector<std::string> texts(const std::vector<SocketAddress>& addresses) {
  std::vector<std::string> texts;
  for (const SocketAddress& address : addresses) texts.push_back(address.to_string());
  return texts;
}

/// A loop, a name server that behaves as told, and a resolver that asks it.
struct Fixture {
  explicit Fixture(FakeNameServer::Behave behave, ResolverOptions options = {})
      : server(loop, std::move(behave)), resolver(loop, completed(std::move(options))) {}

  ResolverOptions completed(ResolverOptions options) const {
    if (options.servers.empty()) options.servers = {server.address()};
    if (!options.search_domains) options.search_domains.emplace();
    return options;
  }

  Resolver::Lookup start(std::string_view host) {
    return resolver.resolve(host, 443,
                            [this](Result result) { results.push_back(std::move(result)); });
  }
  bool ended() const { return !results.empty() && (!results.back() || results.back()->complete); }

  /// Looks `host` up; all that was told at the end.
  std::vector<Result> look_up(std::string_view host) {
    results.clear();
    const Resolver::Lookup lookup = start(host);
    EXPECT_TRUE(results.empty()) << "called from within resolve";
    EXPECT_TRUE(run_until(loop, [this] { return ended(); })) << host;
    return results;
  }

  EventLoop loop;
  FakeNameServer server;
  Resolver resolver;
  std::vector<Result> results;
};

/// All addresses that were told in any number of parts.
std::vector<std::string> all_of(const std::vector<Result>& results) {
  std::vector<std::string> all;
  for (const Result& result : results) {
    if (!result) return {"error: " + result.error().message()};
    for (std::string& text : texts(result->addresses)) all.push_back(std::move(text));
  }
  return all;
}

std::error_code error_of(const std::vector<Result>& results) {
  if (results.size() != 1 || results[0]) return {};
  return results[0].error();
}

/// Both kinds of addresses, for any name.
Answers answer_both(const DnsQuery& query) {
  return DnsAnswer(query).address(query.ipv6 ? "::1" : "127.0.0.1");
}

TEST(Resolver, TakesNumericAddressesAsTheyAre) {
  struct Case {
    std::string_view host;
    std::string_view expected;
  };
  for (const Case& each :
       {Case{"127.0.0.1", "127.0.0.1:443"}, Case{"::1", "[::1]:443"}, Case{"[::1]", "[::1]:443"},
        Case{"2001:db8::17", "[2001:db8::17]:443"}, Case{"0.0.0.0", "0.0.0.0:443"}}) {
    EXPECT_THAT(texts(addresses_without_lookup(each.host, 443)),
                ElementsAre(std::string(each.expected)));
    Fixture fixture(answer_both);
    EXPECT_THAT(all_of(fixture.look_up(each.host)), ElementsAre(std::string(each.expected)));
    EXPECT_TRUE(fixture.server.queries().empty());
  }
}

TEST(Resolver, KeepsLocalhostOnThisMachine) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    return DnsAnswer(query).address(query.ipv6 ? "2001:db8::1" : "192.0.2.1");
  });
  for (const std::string_view host :
       {"localhost", "LocalHost", "localhost.", "a.localhost", "a.b.localhost."}) {
    EXPECT_THAT(all_of(fixture.look_up(host)), UnorderedElementsAre("127.0.0.1:443", "[::1]:443"));
  }
  EXPECT_TRUE(fixture.server.queries().empty());
  EXPECT_THAT(all_of(fixture.look_up("notlocalhost")),
              UnorderedElementsAre("192.0.2.1:443", "[2001:db8::1]:443"));
}

TEST(Resolver, AsksForBothFamiliesAtOnce) {
  Fixture fixture(answer_both);
  const std::vector<Result> results = fixture.look_up("example.com");
  EXPECT_THAT(all_of(results), ElementsAre("[::1]:443", "127.0.0.1:443"));
  ASSERT_EQ(fixture.server.queries().size(), 2u);
  EXPECT_NE(fixture.server.queries()[0].ipv6, fixture.server.queries()[1].ipv6);
  EXPECT_EQ(fixture.server.queries()[0].name, "example.com");
}

TEST(Resolver, IsContentWithOneFamily) {
  for (const bool ipv6 : {false, true}) {
    Fixture fixture([ipv6](const DnsQuery& query) -> Answers {
      if (query.ipv6 != ipv6) return DnsAnswer(query);
      return DnsAnswer(query).address(ipv6 ? "2001:db8::1" : "192.0.2.1");
    });
    EXPECT_THAT(all_of(fixture.look_up("example.com")),
                ElementsAre(ipv6 ? "[2001:db8::1]:443" : "192.0.2.1:443"));
  }
}

TEST(Resolver, IsContentWithOneFamilyWhenTheOtherFails) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    if (query.ipv6) return DnsAnswer(query).code(2);
    return DnsAnswer(query).address("192.0.2.1");
  });
  EXPECT_THAT(all_of(fixture.look_up("example.com")), ElementsAre("192.0.2.1:443"));
}

TEST(Resolver, FollowsAliases) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    DnsAnswer answer(query);
    answer.alias("www.example.net").alias("host7.example.org");
    if (!query.ipv6) answer.address("192.0.2.1").address("192.0.2.2");
    return answer;
  });
  EXPECT_THAT(all_of(fixture.look_up("example.com")),
              UnorderedElementsAre("192.0.2.1:443", "192.0.2.2:443"));
}

TEST(Resolver, ComesBackByTcpForWhatADatagramCanNotHold) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    if (!query.tcp) return DnsAnswer(query).truncated();
    return answer_both(query);
  });
  EXPECT_THAT(all_of(fixture.look_up("example.com")),
              UnorderedElementsAre("127.0.0.1:443", "[::1]:443"));
}

TEST(Resolver, TakesEachAddressOnceAndOnlySoMany) {
  Fixture fixture(
      [](const DnsQuery& query) -> Answers {
        if (!query.tcp) return DnsAnswer(query).truncated();
        DnsAnswer answer(query);
        for (int i = 0; i < 500; ++i) {
          const std::string last = std::to_string(i / 2 % 250 + 1);
          answer.address(query.ipv6 ? "2001:db8::" + last : "192.0.2." + last);
        }
        return answer;
      },
      {.family_addresses_max = 3});
  EXPECT_THAT(all_of(fixture.look_up("example.com")),
              UnorderedElementsAre("192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443",
                                   "[2001:db8::1]:443", "[2001:db8::2]:443", "[2001:db8::3]:443"));
}

TEST(Resolver, SaysWhyThereIsNoAddress) {
  struct Case {
    std::string_view what;
    ResolveError expected;
    FakeNameServer::Behave behave;
  };
  const auto code = [](unsigned value) {
    return [value](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(value); };
  };
  const std::vector<Case> cases = {
      {"NXDOMAIN", ResolveError::host_not_found, code(3)},
      {"no records", ResolveError::no_addresses, code(0)},
      {"FORMERR", ResolveError::server_failed, code(1)},
      {"SERVFAIL", ResolveError::server_failed, code(2)},
      {"NOTIMP", ResolveError::server_failed, code(4)},
      {"REFUSED", ResolveError::server_failed, code(5)},
      {"silence", ResolveError::timed_out, [](const DnsQuery&) -> Answers { return {}; }},
      {"a record cut short", ResolveError::bad_answer,
       [](const DnsQuery& query) -> Answers {
         const std::string whole = DnsAnswer(query).address("192.0.2.1").message();
         return {whole.substr(0, whole.size() - 2)};
       }},
      {"another id", ResolveError::timed_out,
       [](const DnsQuery& query) -> Answers {
         return DnsAnswer(query).id(static_cast<std::uint16_t>(query.id + 1)).address("192.0.2.1");
       }},
      {"garbage", ResolveError::timed_out,
       [](const DnsQuery&) -> Answers { return {"x", "", std::string(400, '\xff')}; }},
      {"one family fails, the other has nothing", ResolveError::server_failed,
       [](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(query.ipv6 ? 2 : 0); }},
      {"the other way round", ResolveError::server_failed,
       [](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(query.ipv6 ? 0 : 2); }},
      {"servers that disagree whether it exists", ResolveError::no_addresses,
       [](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(query.ipv6 ? 3 : 0); }},
  };
  for (const Case& each : cases) {
    const std::uint64_t try_ms = each.expected == ResolveError::timed_out ? 10 : 5000;
    Fixture fixture(each.behave, {.try_ms_max = try_ms, .tries_max = 2});
    EXPECT_EQ(error_of(fixture.look_up("example.com")), each.expected) << each.what;
  }
}

TEST(Resolver, SaysThatNoNameServerListens) {
  Fixture fixture(answer_both);
  SocketAddress nobody;
  {
    const Listener taken = Listener::open(SocketAddress::parse("127.0.0.1:0").value()).value();
    nobody = taken.address();
  }
  Resolver resolver(fixture.loop, {.servers = {nobody}, .try_ms_max = 50, .tries_max = 2});
  const Resolver::Lookup lookup = resolver.resolve(
      "example.com", 1, [&](Result result) { fixture.results.push_back(std::move(result)); });
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.ended(); }));
  EXPECT_EQ(error_of(fixture.results), ResolveError::server_unreachable);
}

TEST(Resolver, RefusesNameServersThatAreNone) {
  Fixture fixture(answer_both, {.servers = {SocketAddress::parse("unix:/run/x").value()}});
  EXPECT_EQ(error_of(fixture.look_up("example.com")), ResolveError::bad_configuration);
}

TEST(Resolver, SaysThatThereAreNoMoreDescriptors) {
  Fixture fixture(answer_both);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::error_code error = error_of(fixture.look_up("example.com"));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(error, std::errc::too_many_files_open);
}

TEST(Resolver, AsksTheNextServerWhenOneIsSilent) {
  EventLoop loop;
  FakeNameServer silent(loop, [](const DnsQuery&) -> Answers { return {}; });
  FakeNameServer server(loop, answer_both);
  Resolver resolver(loop, {.servers = {silent.address(), server.address()}, .try_ms_max = 20});
  std::vector<Result> results;
  const Resolver::Lookup lookup = resolver.resolve(
      "example.com", 443, [&](Result result) { results.push_back(std::move(result)); });
  ASSERT_TRUE(run_until(
      loop, [&] { return !results.empty() && (!results.back() || results.back()->complete); }));
  EXPECT_THAT(all_of(results), UnorderedElementsAre("127.0.0.1:443", "[::1]:443"));
  EXPECT_FALSE(silent.queries().empty());
}

TEST(Resolver, IgnoresForgedAnswers) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    DnsQuery other = query;
    other.question[1] = 'x';
    return {DnsAnswer(query)
                .id(static_cast<std::uint16_t>(query.id ^ 1))
                .address("192.0.2.66")
                .message(),
            DnsAnswer(other).address("192.0.2.66").message(), "y",
            DnsAnswer(query).address(query.ipv6 ? "::1" : "127.0.0.1").message()};
  });
  EXPECT_THAT(all_of(fixture.look_up("example.com")),
              UnorderedElementsAre("127.0.0.1:443", "[::1]:443"));
}

TEST(Resolver, TellsIpv6AtOnceAndIpv4WhenItComes) {
  DnsQuery held;
  Fixture fixture([&](const DnsQuery& query) -> Answers {
    if (query.ipv6) return DnsAnswer(query).address("2001:db8::1");
    held = query;
    return {};
  });
  const Resolver::Lookup lookup = fixture.start("example.com");
  const std::uint64_t start_ms = fixture.loop.now_ms();
  ASSERT_TRUE(run_until(fixture.loop, [&] { return !fixture.results.empty(); }));
  EXPECT_LT(fixture.loop.now_ms(), start_ms + 1'500) << "not by a time limit";
  ASSERT_TRUE(fixture.results[0]);
  EXPECT_FALSE(fixture.results[0]->complete);
  EXPECT_THAT(texts(fixture.results[0]->addresses), ElementsAre("[2001:db8::1]:443"));

  fixture.server.send(DnsAnswer(held).address("192.0.2.1").message());
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.results.size() == 2; }));
  EXPECT_TRUE(fixture.results[1]->complete);
  EXPECT_THAT(texts(fixture.results[1]->addresses), ElementsAre("192.0.2.1:443"));
}

TEST(Resolver, HoldsIpv4BackForAWhile) {
  Fixture fixture(
      [&](const DnsQuery& query) -> Answers {
        if (query.ipv6) return {};
        return DnsAnswer(query).address("192.0.2.1");
      },
      {.try_ms_max = 200, .tries_max = 1, .resolution_delay_ms = 50});
  fixture.loop.run_once(0);
  const std::uint64_t start_ms = fixture.loop.now_ms();
  const Resolver::Lookup lookup = fixture.start("example.com");
  ASSERT_TRUE(run_until(fixture.loop, [&] { return !fixture.results.empty(); }));
  EXPECT_GE(fixture.loop.now_ms(), start_ms + 50);
  EXPECT_FALSE(fixture.results[0]->complete);
  EXPECT_THAT(texts(fixture.results[0]->addresses), ElementsAre("192.0.2.1:443"));
  // The lost answer is given up; that is no error any more.
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.results.size() == 2; }));
  ASSERT_TRUE(fixture.results[1]);
  EXPECT_TRUE(fixture.results[1]->complete);
  EXPECT_TRUE(fixture.results[1]->addresses.empty());
}

TEST(Resolver, EndsInItsTime) {
  Fixture silent([](const DnsQuery&) -> Answers { return {}; }, {.lookup_ms_max = 30});
  EXPECT_EQ(error_of(silent.look_up("example.com")), ResolveError::timed_out);

  Fixture half(
      [](const DnsQuery& query) -> Answers {
        if (!query.ipv6) return {};
        return DnsAnswer(query).address("2001:db8::1");
      },
      {.lookup_ms_max = 30});
  EXPECT_THAT(all_of(half.look_up("example.com")), ElementsAre("[2001:db8::1]:443"));
}

TEST(Resolver, SearchesInDomains) {
  struct Case {
    std::string_view host;
    std::vector<std::string> asked;
  };
  const std::vector<Case> cases = {
      {"host", {"host.a.test", "host.b.test", "host"}},
      {"host.sub", {"host.sub", "host.sub.a.test", "host.sub.b.test"}},
      {"host.", {"host"}},
      {"host.sub.", {"host.sub"}},
  };
  for (const Case& each : cases) {
    Fixture fixture([](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(3); },
                    {.search_domains = std::vector<std::string>{"a.test", "b.test"}});
    EXPECT_EQ(error_of(fixture.look_up(each.host)), ResolveError::host_not_found);
    std::vector<std::string> asked;
    for (const DnsQuery& query : fixture.server.queries()) {
      if (query.ipv6) asked.push_back(query.name);
    }
    EXPECT_EQ(asked, each.asked) << each.host;
    EXPECT_EQ(fixture.server.queries().size(), asked.size() * 2);
  }
}

TEST(Resolver, SearchesInTheSystemsDomainsUnlessToldOtherwise) {
  // Where c-ares takes them from before it looks into /etc/resolv.conf, as glibc does.
  ::setenv("LOCALDOMAIN", "system.test", 1);
  Fixture fixture([](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(3); });
  Resolver resolver(fixture.loop, {.servers = {fixture.server.address()}});
  for (const std::string_view host : {"host", "host.sub", "host.sub."}) {
    fixture.results.clear();
    const Resolver::Lookup lookup = resolver.resolve(
        host, 1, [&](Result result) { fixture.results.push_back(std::move(result)); });
    ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.ended(); }));
  }
  fixture.look_up("told");
  ::unsetenv("LOCALDOMAIN");
  std::vector<std::string> asked;
  for (const DnsQuery& query : fixture.server.queries()) {
    if (query.ipv6) asked.push_back(query.name);
  }
  EXPECT_THAT(asked, ElementsAre("host.system.test", "host", "host.sub", "host.sub.system.test",
                                 "host.sub", "told"));
}

TEST(Resolver, DoesNotMixHostsOfTwoDomains) {
  Fixture fixture(
      [](const DnsQuery& query) -> Answers {
        if (query.name == "host.a.test" && !query.ipv6) {
          return DnsAnswer(query).address("192.0.2.1");
        }
        if (query.name == "host.b.test") {
          return DnsAnswer(query).address(query.ipv6 ? "2001:db8::2" : "192.0.2.2");
        }
        return DnsAnswer(query);
      },
      {.search_domains = std::vector<std::string>{"a.test", "b.test"}});
  EXPECT_THAT(all_of(fixture.look_up("host")), ElementsAre("192.0.2.1:443"));
}

TEST(Resolver, RemembersThatAnEarlierNameExists) {
  Fixture fixture(
      [](const DnsQuery& query) -> Answers {
        return DnsAnswer(query).code(query.name == "host.a.test" ? 0 : 3);
      },
      {.search_domains = std::vector<std::string>{"a.test", "b.test"}});
  EXPECT_EQ(error_of(fixture.look_up("host")), ResolveError::no_addresses);
}

TEST(Resolver, DoesNotSearchOnWhenAServerFails) {
  Fixture fixture(
      [](const DnsQuery& query) -> Answers {
        if (query.name == "host.a.test") return DnsAnswer(query).code(2);
        return answer_both(query);
      },
      {.search_domains = std::vector<std::string>{"a.test", "b.test"}, .tries_max = 1});
  EXPECT_EQ(error_of(fixture.look_up("host")), ResolveError::server_failed);
}

TEST(Resolver, SearchesInSoManyDomainsOnly) {
  Fixture fixture([](const DnsQuery& query) -> Answers { return DnsAnswer(query).code(3); },
                  {.search_domains = std::vector<std::string>{"a.test", "b.test", "c.test"},
                   .search_domains_max = 1});
  EXPECT_EQ(error_of(fixture.look_up("host")), ResolveError::host_not_found);
  EXPECT_EQ(fixture.server.queries().size(), 4u);
}

TEST(Resolver, RefusesWhatIsNoHostName) {
  Fixture fixture(answer_both);
  const std::vector<std::string> names = {"",
                                          ".",
                                          "a..b",
                                          ".a",
                                          "a b",
                                          "a/b",
                                          "a:80",
                                          "unix:/run/x.sock",
                                          "256.0.0.1",
                                          "1.2.3",
                                          "[::1",
                                          "[]",
                                          "b\xc3\xbc"
                                          "cher.example",
                                          std::string("a\0b", 3),
                                          std::string(64, 'a') + ".example",
                                          std::string(254, 'a')};
  for (const std::string& name : names) {
    EXPECT_EQ(error_of(fixture.look_up(name)), ResolveError::invalid_name) << name;
  }
  EXPECT_TRUE(fixture.server.queries().empty());
  EXPECT_EQ(all_of(fixture.look_up("a_b-c.9x.example.")).size(), 2u);
}

TEST(Resolver, DoesNotAskForOnionNames) {
  // RFC 7686 section 2.
  Fixture fixture(answer_both);
  EXPECT_EQ(error_of(fixture.look_up("abcdef.onion")), ResolveError::host_not_found);
  EXPECT_TRUE(fixture.server.queries().empty());
}

/// A hosts file that is used while this lives.
class HostsFile {
 public:
  explicit HostsFile(std::string_view text) {
    const Descriptor file(::mkstemp(path_.data()));
    std::ofstream(path_) << text;
    ::setenv("CARES_HOSTS", path_.c_str(), 1);
  }
  ~HostsFile() {
    ::unsetenv("CARES_HOSTS");
    std::remove(path_.c_str());
  }
  HostsFile(const HostsFile&) = delete;
  HostsFile& operator=(const HostsFile&) = delete;

 private:
  std::string path_ = "/tmp/duplex_hosts_XXXXXX";
};

TEST(Resolver, TakesNamesFromTheHostsFileAlone) {
  const HostsFile file(
      "192.0.2.7 pinned.example alias\n"
      "2001:db8::7 both.example\n192.0.2.8 both.example\n"
      "192.0.2.9 localhost\n");
  Fixture fixture(answer_both);
  EXPECT_THAT(all_of(fixture.look_up("pinned.example")), ElementsAre("192.0.2.7:443"));
  EXPECT_THAT(all_of(fixture.look_up("ALIAS")), ElementsAre("192.0.2.7:443"));
  EXPECT_THAT(all_of(fixture.look_up("both.example")),
              UnorderedElementsAre("192.0.2.8:443", "[2001:db8::7]:443"));
  EXPECT_THAT(all_of(fixture.look_up("localhost")),
              UnorderedElementsAre("127.0.0.1:443", "[::1]:443"));
  EXPECT_TRUE(fixture.server.queries().empty());
  EXPECT_EQ(all_of(fixture.look_up("other.example")).size(), 2u);
}

TEST(Resolver, CallsNothingAfterACancellation) {
  Fixture fixture([](const DnsQuery&) -> Answers { return {}; },
                  {.try_ms_max = 5, .tries_max = 2, .lookup_ms_max = 40});
  // Known without asking, and not yet told.
  {
    const Resolver::Lookup lookup = fixture.start("127.0.0.1");
  }
  // Asked, and not yet sent; another one goes on beside it.
  Resolver::Lookup other = fixture.start("other.example");
  {
    const Resolver::Lookup lookup = fixture.start("example.com");
  }
  // Asked and sent.
  Resolver::Lookup sent = fixture.start("example.com");
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.server.queries().size() >= 4; }));
  sent = {};
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.ended(); }));
  EXPECT_EQ(fixture.results.size(), 1u) << "of the other one";
}

TEST(Resolver, MayBeCancelledFromWhatItCalls) {
  Fixture fixture([](const DnsQuery& query) -> Answers {
    if (!query.ipv6 && query.name == "part.example") return {};
    return answer_both(query);
  });
  for (const std::string_view host : {"part.example", "whole.example", "127.0.0.1", "no name"}) {
    int calls = 0;
    Resolver::Lookup lookup;
    const std::string large(1000, 'x');
    lookup = fixture.resolver.resolve(host, 1, [&, large](Result) {
      lookup = {};
      calls += large.size() == 1000 ? 1 : 100;
    });
    ASSERT_TRUE(run_until(fixture.loop, [&] { return calls > 0; }));
    for (int i = 0; i < 10; ++i) fixture.loop.run_once(0);
    EXPECT_EQ(calls, 1) << host;
  }
}

TEST(Resolver, MayGoBeforeItsLookups) {
  Fixture fixture(answer_both);
  auto resolver = std::make_unique<Resolver>(fixture.loop, fixture.completed({}));
  const Resolver::Lookup lookup = resolver->resolve(
      "example.com", 443, [&](Result result) { fixture.results.push_back(std::move(result)); });
  resolver.reset();
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.ended(); }));
  EXPECT_EQ(all_of(fixture.results).size(), 2u);
}

TEST(Resolver, StartsAnotherLookupFromWhatItCalls) {
  Fixture fixture(answer_both);
  Resolver::Lookup second;
  const Resolver::Lookup first = fixture.resolver.resolve(
      "one.example", 1, [&](Result) { second = fixture.start("two.example"); });
  ASSERT_TRUE(run_until(fixture.loop, [&] { return fixture.ended(); }));
  EXPECT_EQ(all_of(fixture.results).size(), 2u);
}

TEST(ResolveError, IsAnErrorCodeOfItsOwnCategory) {
  const std::error_code error = ResolveError::host_not_found;
  EXPECT_EQ(error.category(), resolve_category());
  EXPECT_STREQ(error.category().name(), "resolve");
  EXPECT_EQ(std::error_code(ResolveError::timed_out), std::errc::timed_out);
  EXPECT_NE(error, std::errc::timed_out);
  EXPECT_FALSE(std::error_code(ResolveError::no_addresses) == error);
}

TEST(ResolveError, SaysWhatToCheck) {
  for (int value = static_cast<int>(ResolveError::host_not_found);
       value <= static_cast<int>(ResolveError::bad_configuration); ++value) {
    const std::string message = std::error_code(static_cast<ResolveError>(value)).message();
    EXPECT_TRUE(message.contains("check")) << message;
  }
  EXPECT_EQ(resolve_category().message(99), "unknown error of the resolver");
}

}  // namespace
}  // namespace duplex::net
