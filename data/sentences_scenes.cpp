#include "data/sentences_words.h"

namespace elbo {
namespace {

// Who is there, what they are like, and where they are. Each group serves several scenes.
constexpr Scene all_scenes[] = {
    {"harbour", "sailors:8 traders:3 travellers:3", "looks:2 natures:1", "water:6 stages:3"},
    {"kitchen", "servers:8 household:5 family:3", "moods:2 skills:1", "tables:6 chambers:3"},
    {"farm", "farmers:8 family:3 young:3", "looks:2 moods:1", "yards:6 stores:3"},
    {"hospital", "healers:8 clerks:3", "skills:2 natures:1", "rooms:6 entries:3"},
    {"school", "teachers:8 young:5", "natures:2 skills:1", "chambers:6 rooms:1"},
    {"market", "traders:8 farmers:3 servers:3", "ranks:2 moods:1", "town:6 ways:3"},
    {"station", "travellers:8 guards:3 clerks:3", "moods:2 looks:1", "stages:6 entries:1"},
    {"garden", "farmers:5 family:5 household:3", "natures:2 moods:1", "yards:6 covers:3"},
    {"office", "clerks:8 writers:3 traders:3", "skills:2 ranks:1", "tables:6 rooms:3"},
    {"theatre", "artists:8 writers:3 craftsmen:3", "ranks:1 skills:2", "stages:6 rooms:3"},
    {"library", "writers:8 teachers:5", "natures:2 skills:1", "tables:3 chambers:3"},
    {"workshop", "craftsmen:8 traders:3", "skills:2 looks:1", "stores:6 chambers:3"},
    {"hotel", "household:8 travellers:5 servers:3", "ranks:2 natures:1", "rooms:3 entries:3"},
    {"forest", "farmers:5 guards:3 young:3 travellers:3", "looks:2 natures:1", "covers:6 wilds:6"},
    {"beach", "sailors:5 young:5 family:3 travellers:3", "moods:2 looks:1", "water:6 wilds:3"},
    {"castle", "nobles:8 guards:5 household:3", "ranks:2 looks:1", "entries:3 rooms:3"},
    {"bakery", "servers:8 traders:3", "moods:2 natures:1", "tables:6 town:3"},
    {"church", "clergy:8 family:3 folk:3 artists:3", "ranks:2 natures:1", "town:6 entries:3"},
    {"museum", "writers:5 guards:3 travellers:3 teachers:3", "skills:2 moods:1", "rooms:6 town:1"},
    {"camp", "young:8 guards:5", "natures:1 moods:2", "covers:6 water:3"},
};

constexpr ThingGroup all_things[] = {
    {"vessels", "cup plate pot bowl", "dirt colours", "clean:kitchen:9 break:hotel:1 borrow:farm:1"},
    {"pastries", "cake loaf/loaves pie bun", "tastes sizes", "sell:bakery:9 serve:hotel:9 throw:school:4 cook:kitchen:9"},
    {"fruit", "apple pear plum orange", "tastes colours", "sell:market:9 serve:hospital:4 cook:bakery:4"},
    {"vegetables", "potato/potatoes onion carrot bean", "tastes sizes", "plant:farm:16 cook:kitchen:9 weigh:market:9 serve:school:4"},
    {"shellfish", "crab oyster lobster mussel", "tastes sizes", "find:beach:9 cook:hotel:1 serve:castle:9"},
    {"cattle", "horse cow goat pig", "beasts colours", "feed:farm:16 find:forest:1 paint:library:1 clean:beach:1"},
    {"pets", "dog cat hen duck", "beasts colours", "feed:garden:4 guard:farm:1 buy:market:1"},
    {"beasts", "fox owl squirrel bear", "beasts sizes", "watch:forest:9 feed:camp:1 guard:garden:1 paint:museum:1"},
    {"boats", "boat ship ferry canoe", "wear sizes", "mend:harbour:9 paint:beach:1 build:workshop:1 watch:castle:1"},
    {"vehicles", "car cart wagon truck", "dirt colours", "mend:workshop:9 buy:bakery:1 open:camp:9"},
    {"tools", "knife/knives hammer axe spade", "makes wear", "check:church:1 sell:harbour:1 pack:theatre:1"},
    {"gear", "rope net basket chain", "makes wear", "mend:harbour:9 carry:garden:1 pack:camp:4"},
    {"boxes", "box bag crate suitcase", "sizes colours", "carry:station:9 open:office:16 weigh:market:1 clean:bakery:1"},
    {"papers", "letter note list ticket", "texts", "write:office:25 check:station:9 sell:museum:1"},
    {"books", "book story newspaper poem", "texts wear", "borrow:library:16 buy:station:1 write:theatre:16 find:office:4"},
    {"furniture", "chair table bed bench", "wear makes", "build:workshop:9 show:library:1 weigh:school:1"},
    {"cloth", "blanket sheet curtain towel", "wear colours", "clean:hospital:4 show:castle:1 borrow:kitchen:1"},
    {"clothes", "coat shirt shoe dress", "wear colours", "mend:theatre:9 pack:station:1 borrow:beach:4 carry:hospital:1"},
    {"art", "painting portrait statue mask", "worths beauties", "mend:museum:9 build:theatre:1 break:church:1 pack:workshop:1"},
    {"instruments", "piano violin drum guitar", "beauties wear", "play:church:25 carry:theatre:1 clean:museum:1"},
    {"plants", "rose tree bush tulip", "beauties colours", "plant:garden:16 buy:hospital:1 show:hotel:1"},
    {"walls", "wall fence roof floor", "makes colours", "paint:farm:1 mend:church:4 build:garden:1"},
    {"machines", "clock lamp radio oven", "makes sizes", "break:school:1 build:workshop:1 watch:kitchen:1"},
    {"toys", "ball doll kite puppet", "beauties colours", "throw:beach:16 borrow:library:1 show:market:1"},
    {"treasure", "coin ring key sword", "worths", "guard:castle:9 show:museum:9 throw:castle:4"},
    {"timber", "stone log plank branch", "makes sizes", "find:forest:9 break:camp:9 throw:forest:1 weigh:harbour:1"},
    {"callers", "guest visitor tourist traveller", "", "greet:hotel:9 teach:forest:9 check:station:1 guard:church:1"},
    {"learners", "pupil student child/children beginner", "", "teach:school:16 greet:theatre:4 watch:library:4 guard:camp:1"},
    {"needy", "patient orphan beggar widow", "", "greet:hospital:16 feed:church:9 teach:office:4 check:hospital:4"},
    {"buyers", "customer shopper buyer neighbour", "", "greet:bakery:9 teach:market:4 watch:office:1 find:harbour:1"},
};

}  // namespace

std::span<const Scene> scenes() { return all_scenes; }
std::span<const ThingGroup> thing_groups() { return all_things; }

}  // namespace elbo
