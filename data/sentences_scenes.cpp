#include "data/sentences_words.h"

namespace elbo {
namespace {

// Who is there, what they are like, and where they are. Each group serves several scenes.
constexpr Scene all_scenes[] = {
    {"harbour", "sailors:8 traders:3 travellers:3 guards:1", "looks:2 natures:1", "water:6 stages:3 ways:1 stores:1 town:1"},
    {"kitchen", "servers:8 household:5 family:3", "moods:2 skills:1", "tables:6 chambers:3 entries:1 rooms:1"},
    {"farm", "farmers:8 family:3 young:3 craftsmen:1", "looks:2 moods:1", "yards:6 stores:3 ways:1 wilds:1 water:1"},
    {"hospital", "healers:8 clerks:3 clergy:1 family:1", "skills:2 natures:1", "rooms:6 entries:3 tables:1 yards:1"},
    {"school", "teachers:8 young:5 writers:1 artists:1", "natures:2 skills:1", "chambers:6 rooms:1 yards:1 entries:1 tables:1"},
    {"market", "traders:8 farmers:3 servers:3 sailors:1", "ranks:2 moods:1", "town:6 ways:3 covers:1 water:1"},
    {"station", "travellers:8 guards:3 clerks:3 household:1", "moods:2 looks:1", "stages:6 entries:1 rooms:1 ways:1 town:1"},
    {"garden", "farmers:5 family:5 household:3 nobles:1", "natures:2 moods:1", "yards:6 covers:3 ways:1 wilds:1 water:1"},
    {"office", "clerks:8 writers:3 traders:3 healers:1", "skills:2 ranks:1", "tables:6 rooms:3 entries:1 town:1"},
    {"theatre", "artists:8 writers:3 craftsmen:3 young:1", "ranks:1 skills:2", "stages:6 rooms:3 town:1 chambers:1"},
    {"library", "writers:8 teachers:5 clerks:1 clergy:1", "natures:2 skills:1", "tables:3 chambers:3 rooms:1 stages:1 town:1"},
    {"workshop", "craftsmen:8 traders:3 farmers:1 artists:1", "skills:2 looks:1", "stores:6 chambers:3 tables:1 ways:1 covers:1"},
    {"hotel", "household:8 travellers:5 servers:3 artists:1", "ranks:2 natures:1", "rooms:3 entries:3 stages:1 tables:1 water:1"},
    {"forest", "farmers:5 guards:3 young:3 travellers:3", "looks:2 natures:1", "covers:6 wilds:6 ways:1 water:1"},
    {"beach", "sailors:5 young:5 family:3 travellers:3", "moods:2 looks:1", "water:6 wilds:3 stages:1 covers:1"},
    {"castle", "nobles:8 guards:5 household:3 craftsmen:1", "ranks:2 looks:1", "entries:3 rooms:3 stores:1 wilds:1 yards:1"},
    {"bakery", "servers:8 traders:3 farmers:1 young:1", "moods:2 natures:1", "tables:6 town:3 chambers:1 ways:1 stores:1"},
    {"church", "clergy:8 family:3 folk:3 artists:3", "ranks:2 natures:1", "town:6 entries:3 chambers:1 covers:1"},
    {"museum", "writers:5 guards:3 travellers:3 teachers:3", "skills:2 moods:1", "rooms:6 town:1 entries:1 stages:1 wilds:1"},
    {"camp", "young:8 guards:5 travellers:1 sailors:1", "natures:1 moods:2", "covers:6 water:3 yards:1 stores:1 wilds:1"},
};

constexpr ThingGroup all_things[] = {
    {"vessels", "cup plate pot bowl jug glass kettle", "dirt colours",
     "clean:kitchen:3 break:hotel:1 sell:market:2 paint:workshop:1 show:museum:2 pack:camp:1 carry:bakery:1 find:beach:1 "
     "guard:church:1 borrow:farm:1"},
    {"pastries", "cake loaf/loaves pie bun tart biscuit pancake", "tastes sizes",
     "sell:bakery:3 serve:hotel:3 buy:station:1 throw:school:2 cook:kitchen:3 carry:hospital:1 weigh:bakery:2 break:camp:1 "
     "pack:market:1"},
    {"fruit", "apple pear plum orange cherry lemon melon", "tastes colours",
     "find:garden:2 sell:market:3 clean:kitchen:1 serve:hospital:2 paint:school:1 pack:farm:2 cook:bakery:2 buy:harbour:1 "
     "check:bakery:1"},
    {"vegetables", "potato/potatoes onion carrot bean cabbage pumpkin turnip", "tastes sizes",
     "plant:farm:4 cook:kitchen:3 buy:camp:1 weigh:market:3 find:garden:1 carry:kitchen:1 clean:hotel:1 sell:harbour:1 "
     "serve:school:2"},
    {"shellfish", "crab oyster lobster mussel prawn sardine", "tastes sizes",
     "find:beach:3 weigh:harbour:2 cook:hotel:1 serve:castle:3 buy:kitchen:1 paint:camp:1 check:market:1"},
    {"cattle", "horse cow goat pig donkey calf/calves pony", "beasts colours",
     "feed:farm:4 check:market:1 guard:castle:1 watch:camp:1 find:forest:1 paint:library:1 clean:beach:1"},
    {"pets", "dog cat hen duck rabbit pigeon goose/geese", "beasts colours",
     "feed:garden:2 guard:farm:1 watch:station:1 buy:market:1 paint:school:1 carry:harbour:1 find:forest:1 check:hospital:1"},
    {"beasts", "fox owl squirrel bear wolf/wolves hedgehog badger", "beasts sizes",
     "watch:forest:3 feed:camp:1 guard:garden:1 paint:museum:1 find:farm:1 check:forest:1"},
    {"boats", "boat ship ferry canoe raft yacht barge", "wear sizes",
     "mend:harbour:3 paint:beach:1 build:workshop:1 watch:castle:1 borrow:camp:1 pack:market:1 show:museum:2 check:station:1"},
    {"vehicles", "car cart wagon truck bus bicycle tractor van", "dirt colours",
     "mend:workshop:3 pack:farm:1 watch:station:2 clean:hotel:1 borrow:office:1 buy:bakery:1 open:camp:3 check:harbour:1"},
    {"tools", "knife/knives hammer axe spade saw ladder shovel rake", "makes wear",
     "borrow:garden:1 clean:workshop:2 carry:farm:1 buy:camp:1 check:church:1 sell:harbour:1 break:forest:1 find:beach:1 "
     "pack:theatre:1"},
    {"gear", "rope net basket chain barrel hook bucket", "makes wear",
     "mend:harbour:3 carry:garden:1 check:workshop:1 pack:camp:2 clean:beach:1 guard:hotel:1 buy:farm:1 find:forest:1 "
     "borrow:station:1 weigh:bakery:1"},
    {"boxes", "box bag crate suitcase sack parcel trunk", "sizes colours",
     "pack:harbour:1 carry:station:3 open:office:4 weigh:market:1 guard:museum:1 check:hotel:2 find:forest:1 clean:bakery:1 "
     "paint:theatre:1 break:castle:1 buy:library:1"},
    {"papers", "letter note list ticket form bill report", "texts",
     "write:office:5 check:station:3 break:castle:1 guard:church:1 carry:hospital:1 find:library:1 show:theatre:1 sell:museum:1"},
    {"books", "book story newspaper poem novel diary magazine", "texts wear",
     "borrow:library:4 mend:library:2 carry:school:1 buy:station:1 write:theatre:4 find:office:2 pack:castle:1 sell:museum:1 "
     "check:hospital:1"},
    {"furniture", "chair table bed bench desk shelf/shelves cupboard", "wear makes",
     "carry:theatre:2 clean:library:1 build:workshop:3 buy:office:1 paint:garden:1 pack:church:1 break:castle:1 show:library:1 "
     "weigh:school:1 borrow:kitchen:1"},
    {"cloth", "blanket sheet curtain towel carpet pillow flag", "wear colours",
     "clean:hospital:2 carry:beach:1 mend:camp:2 pack:hotel:2 show:castle:1 weigh:workshop:1 check:theatre:1 borrow:kitchen:1"},
    {"clothes", "coat shirt shoe dress boot glove scarf/scarves", "wear colours",
     "mend:theatre:3 pack:station:1 clean:harbour:1 find:school:1 sell:market:1 borrow:beach:2 show:hotel:1 carry:hospital:1 "
     "build:workshop:1"},
    {"art", "painting portrait statue mask poster vase", "worths beauties",
     "mend:museum:3 show:office:1 guard:castle:2 build:theatre:1 break:church:1 watch:library:1 pack:workshop:1 buy:hotel:1 "
     "carry:school:1 check:museum:1"},
    {"instruments", "piano violin drum guitar flute trumpet", "beauties wear",
     "play:church:5 mend:workshop:1 borrow:school:1 carry:theatre:1 clean:museum:1 buy:castle:1 guard:station:1"},
    {"plants", "rose tree bush tulip hedge lily daisy", "beauties colours",
     "plant:garden:4 buy:hospital:1 show:hotel:1 guard:farm:1 paint:forest:1 carry:church:1 sell:station:1 watch:office:1 "
     "weigh:forest:1"},
    {"walls", "wall fence roof floor ceiling chimney", "makes colours",
     "paint:farm:1 mend:church:2 clean:library:1 check:school:1 build:garden:1 break:kitchen:1 weigh:workshop:1 guard:hotel:1"},
    {"machines", "clock lamp radio oven pump fan printer", "makes sizes",
     "mend:hospital:1 check:office:1 clean:bakery:1 buy:library:1 break:school:1 build:workshop:1 borrow:theatre:1 watch:kitchen:1 "
     "carry:beach:1"},
    {"toys", "ball doll kite puppet puzzle balloon", "beauties colours",
     "throw:beach:4 build:camp:1 mend:hospital:1 buy:museum:1 find:garden:1 paint:workshop:1 borrow:library:1 carry:station:1 "
     "clean:school:1 show:market:1"},
    {"treasure", "coin ring key sword crown jewel medal", "worths",
     "guard:castle:3 find:beach:1 clean:church:1 show:museum:3 sell:harbour:1 borrow:theatre:1 check:office:1 throw:castle:2"},
    {"timber", "stone log plank branch brick board", "makes sizes",
     "find:forest:3 carry:garden:1 pack:farm:1 break:camp:3 throw:forest:1 buy:workshop:1 paint:theatre:1 weigh:harbour:1 "
     "check:bakery:1"},
    {"callers", "guest visitor tourist traveller pilgrim", "",
     "greet:hotel:3 teach:forest:3 watch:castle:1 check:station:1 paint:beach:1 guard:church:1 find:office:1"},
    {"learners", "pupil student child/children beginner apprentice", "",
     "teach:school:4 greet:theatre:2 watch:library:2 check:garden:1 guard:camp:1 paint:library:1 find:museum:1"},
    {"needy", "patient orphan beggar widow veteran", "",
     "greet:hospital:4 feed:church:3 teach:office:2 check:hospital:2 watch:bakery:1 find:kitchen:1"},
    {"buyers", "customer shopper buyer neighbour", "", "greet:bakery:3 teach:market:2 watch:office:1 find:harbour:1 paint:kitchen:1"},
};

}  // namespace

std::span<const Scene> scenes() { return all_scenes; }
std::span<const ThingGroup> thing_groups() { return all_things; }

}  // namespace elbo
