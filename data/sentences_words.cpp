#include "data/sentences_words.h"

namespace elbo {
namespace {

// No verb whose past is its base ("cut"): the tense would not be told.
constexpr WordGroup all_verbs[] = {
    {"clean", "wash clean"},        {"mend", "repair mend"},      {"carry", "carry move"},
    {"check", "check count"},       {"sell", "sell/sold offer"},  {"buy", "buy/bought choose/chose"},
    {"cook", "cook prepare"},       {"serve", "share eat/ate"},   {"feed", "feed/fed brush"},
    {"watch", "watch observe"},     {"paint", "paint draw/drew"}, {"write", "write/wrote copy"},
    {"find", "find/found collect"}, {"guard", "hide/hid guard"},  {"build", "make/made build/built"},
    {"plant", "plant water"},       {"pack", "pack load"},        {"greet", "help visit"},
    {"teach", "teach/taught warn"}, {"play", "play practise"},    {"throw", "throw/threw drop"},
    {"break", "break/broke burn"},  {"borrow", "borrow return"},  {"show", "show display"},
    {"weigh", "measure weigh"},     {"open", "open push"},
};

constexpr WordGroup all_people[] = {
    {"sailors", "sailor fisherman/fishermen captain"},
    {"servers", "cook waiter baker"},
    {"farmers", "farmer gardener hunter"},
    {"healers", "nurse doctor surgeon"},
    {"teachers", "teacher student professor"},
    {"traders", "merchant customer tailor"},
    {"travellers", "traveller driver tourist"},
    {"craftsmen", "carpenter builder painter"},
    {"artists", "actor singer actress"},
    {"clerks", "clerk manager lawyer"},
    {"guards", "soldier guard policeman/policemen"},
    {"nobles", "king queen prince"},
    {"clergy", "priest nun monk"},
    {"writers", "writer historian poet"},
    {"household", "guest servant maid"},
    {"young", "boy girl child/children"},
    {"family", "mother father brother sister uncle aunt"},
    {"folk", "man/men woman/women neighbour friend stranger"},
};

constexpr WordGroup all_manners[] = {
    {"looks", "young old tall thin strong"},
    {"moods", "happy tired sad cheerful nervous"},
    {"skills", "clever careful famous skilful experienced"},
    {"ranks", "rich poor proud noble modest"},
    {"natures", "kind quiet brave honest polite"},
};

constexpr WordGroup all_adjectives[] = {
    {"dirt", "dirty empty dusty clean"},
    {"wear", "old new worn torn"},
    {"tastes", "fresh sweet ripe sour"},
    {"sizes", "heavy large small huge"},
    {"colours", "red blue green white"},
    {"beasts", "wild tame gentle noisy"},
    {"worths", "valuable precious cheap rare"},
    {"texts", "important long secret short"},
    {"beauties", "beautiful pretty charming ugly"},
    {"makes", "useful strong rusty solid"},
};

constexpr PlaceGroup all_places[] = {
    {"water", "near by", "river harbour lake shore"},      {"rooms", "in inside", "hall corridor cellar lobby"},
    {"tables", "at by", "table counter desk fireplace"},   {"town", "near behind", "church market station bridge"},
    {"yards", "in across", "garden yard field park"},      {"entries", "at near", "door gate entrance window"},
    {"covers", "under beneath", "trees oak tent arch"},    {"stages", "on", "stage platform terrace deck"},
    {"ways", "on along", "road street path lane"},         {"stores", "in behind", "barn shed garage stable"},
    {"wilds", "among behind", "rocks hills bushes ruins"}, {"chambers", "in", "kitchen library workshop chapel"},
};

constexpr TenseWords all_tenses[] = {
    {"past", "yesterday recently", "night week monday summer year winter", "last"},
    {"present", "today now", "day morning evening week sunday winter", "every"},
    {"future", "tomorrow soon", "week month friday spring year", "next"},
};

constexpr SentenceLists all_lists = {
    .women = "mary anna ruth emma clara alice julia martha helen nora laura rose",
    .men = "john tom peter paul henry george david simon martin oscar jack adam",
    .hes = "fisherman waiter policeman actor king prince priest monk boy father brother uncle man",
    .shes = "actress queen nun maid girl mother sister aunt woman",
    .adverbs = "carefully quickly slowly often quietly always proudly gladly gently secretly",
    .wishes = "want try begin/began need hope decide refuse promise",
    .bonds = "know/knew love remember like admire fear trust envy",
    .origins = "village city north mountains island south valley coast",
    .luggage = "hat dog umbrella stick beard bag scar map",
    .states = "hungry ill bored lonely cold late curious afraid thirsty ready",
    .pastimes = "wait talk rest laugh sing/sang smile whistle work argue dream",
};

}  // namespace

std::span<const WordGroup> verb_groups() { return all_verbs; }
std::span<const WordGroup> people_groups() { return all_people; }
std::span<const WordGroup> manner_groups() { return all_manners; }
std::span<const WordGroup> adjective_groups() { return all_adjectives; }
std::span<const PlaceGroup> place_groups() { return all_places; }
std::span<const TenseWords> tense_words() { return all_tenses; }
const SentenceLists& sentence_lists() { return all_lists; }

}  // namespace elbo
