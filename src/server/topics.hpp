#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace duplex::server {

/// Who listens to which topic, in one thread. All operations cost the same however many members a
/// topic has. Members are borrowed: whoever goes says so by `remove`.
template <class Member>
class Topics {
 public:
  /// False when it was there already.
  bool subscribe(Member& member, std::string_view name) {
    auto found = topics_.find(name);
    if (found == topics_.end()) {
      found = topics_.emplace(std::string(name), Topic{}).first;
      found->second.name = &found->first;
    }
    Topic& topic = found->second;
    std::vector<Place>& places = places_[&member];
    if (find(places, topic) != places.end()) return false;
    places.push_back({&topic, topic.members.size()});
    topic.members.push_back(&member);
    return true;
  }

  /// False when it was not there.
  bool unsubscribe(Member& member, std::string_view name) {
    const auto topic = topics_.find(name);
    const auto places = places_.find(&member);
    if (topic == topics_.end() || places == places_.end()) return false;
    const auto place = find(places->second, topic->second);
    if (place == places->second.end()) return false;
    const Place left = *place;
    places->second.erase(place);
    if (places->second.empty()) places_.erase(places);
    leave(left);
    return true;
  }

  /// Unsubscribes `member` from all topics.
  void remove(Member& member) {
    auto places = places_.extract(&member);
    if (places.empty()) return;
    for (const Place& place : places.mapped()) leave(place);
  }

  /// Calls `visit` with each member that the topic has now. Memberships may change meanwhile, since
  /// a member that can't keep up is closed; members themselves must stay.
  template <class Visit>
  void for_each(std::string_view name, Visit visit) const {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return;
    const std::vector<Member*> members = found->second.members;
    for (Member* member : members) visit(*member);
  }

  bool empty() const noexcept { return topics_.empty(); }
  bool has_members(std::string_view name) const { return topics_.contains(name); }

 private:
  struct Topic {
    const std::string* name = nullptr;
    std::vector<Member*> members;
  };
  /// Where a member stands in a topic's list.
  struct Place {
    Topic* topic;
    std::size_t position;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  static auto find(std::vector<Place>& places, const Topic& topic) {
    return std::ranges::find(places, &topic, &Place::topic);
  }

  /// Fills the gap at `place` with the topic's last member.
  void leave(Place place) {
    Topic& topic = *place.topic;
    Member* last = topic.members.back();
    topic.members.pop_back();
    if (place.position < topic.members.size()) {
      topic.members[place.position] = last;
      find(places_.at(last), topic)->position = place.position;
    }
    if (topic.members.empty()) topics_.erase(topics_.find(*topic.name));
  }

  // Nodes stay where they are, so that places may point to topics.
  std::unordered_map<std::string, Topic, Hash, std::equal_to<>> topics_;
  std::unordered_map<Member*, std::vector<Place>> places_;
};

}  // namespace duplex::server
