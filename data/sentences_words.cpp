#include "data/sentences_words.h"

namespace elbo {
namespace {

// No verb whose past is its base ("cut"): the tense would not be told.
constexpr WordGroup all_verbs[] = {
    {"clean", "wash clean polish wipe scrub"},
    {"mend", "repair mend fix restore"},
    {"carry", "carry move lift bring/brought drag"},
    {"check", "check count examine inspect"},
    {"sell", "sell/sold offer trade deliver"},
    {"buy", "buy/bought choose/chose order"},
    {"cook", "cook prepare slice taste chop"},
    {"serve", "share eat/ate serve enjoy"},
    {"feed", "feed/fed brush stroke calm"},
    {"watch", "watch observe admire notice"},
    {"paint", "paint draw/drew photograph describe sketch"},
    {"write", "write/wrote copy print translate sign"},
    {"find", "find/found collect discover gather"},
    {"guard", "hide/hid guard protect bury"},
    {"build", "make/made build/built design carve"},
    {"plant", "plant water grow/grew trim"},
    {"pack", "pack load stack wrap unload"},
    {"greet", "help visit greet thank welcome"},
    {"teach", "teach/taught warn advise question"},
    {"play", "play practise tune hear/heard"},
    {"throw", "throw/threw drop catch/caught kick"},
    {"break", "break/broke burn smash damage"},
    {"borrow", "borrow return lend/lent rent"},
    {"show", "show display arrange hang/hung"},
    {"weigh", "measure weigh mark sort"},
    {"open", "open push close pull"},
};

constexpr WordGroup all_people[] = {
    {"sailors", "sailor fisherman/fishermen captain diver pilot"},
    {"servers", "cook waiter baker waitress butcher"},
    {"farmers", "farmer gardener hunter shepherd miller"},
    {"healers", "nurse doctor surgeon chemist midwife/midwives"},
    {"teachers", "teacher student professor pupil tutor"},
    {"traders", "merchant customer tailor grocer jeweller"},
    {"travellers", "traveller driver tourist guide porter"},
    {"craftsmen", "carpenter builder painter blacksmith mechanic"},
    {"artists", "actor singer actress musician dancer"},
    {"clerks", "clerk manager lawyer secretary banker"},
    {"guards", "soldier guard policeman/policemen knight watchman/watchmen"},
    {"nobles", "king queen prince princess duke duchess"},
    {"clergy", "priest nun monk bishop pilgrim"},
    {"writers", "writer historian poet journalist librarian"},
    {"household", "guest servant maid host butler"},
    {"young", "boy girl child/children twin toddler"},
    {"family", "mother father brother sister uncle aunt cousin grandmother grandfather"},
    {"folk", "man/men woman/women neighbour friend stranger visitor widow"},
};

constexpr WordGroup all_manners[] = {
    {"looks", "young old tall thin strong handsome"},
    {"moods", "happy tired sad cheerful nervous worried angry"},
    {"skills", "clever careful famous skilful experienced busy"},
    {"ranks", "rich poor proud noble modest generous"},
    {"natures", "kind quiet brave honest polite shy rude patient"},
};

constexpr WordGroup all_adjectives[] = {
    {"dirt", "dirty empty dusty clean broken cracked"},
    {"wear", "old new worn torn shabby faded"},
    {"tastes", "fresh sweet ripe sour delicious rotten"},
    {"sizes", "heavy large small huge tiny"},
    {"colours", "red blue green white brown yellow"},
    {"beasts", "wild tame gentle noisy fat lazy"},
    {"worths", "valuable precious cheap rare expensive ancient"},
    {"texts", "important long secret short urgent boring"},
    {"beauties", "beautiful pretty charming ugly elegant"},
    {"makes", "useful strong rusty solid wooden narrow"},
};

constexpr PlaceGroup all_places[] = {
    {"water", "near by beside", "river harbour lake shore canal pond"},
    {"rooms", "in inside", "hall corridor cellar lobby attic basement"},
    {"tables", "at by", "table counter desk fireplace stove"},
    {"town", "near behind outside", "church market station bridge tower bank school"},
    {"yards", "in across", "garden yard field park meadow orchard"},
    {"entries", "at near", "door gate entrance window stairs"},
    {"covers", "under beneath", "trees oak tent arch roof"},
    {"stages", "on", "stage platform terrace deck balcony pier"},
    {"ways", "on along", "road street path lane track"},
    {"stores", "in behind", "barn shed garage stable storeroom"},
    {"wilds", "among behind", "rocks hills bushes ruins dunes"},
    {"chambers", "in", "kitchen library workshop chapel classroom parlour"},
};

constexpr TenseWords all_tenses[] = {
    {"past", "yesterday recently", "night week monday summer year winter", "last"},
    {"present", "today now", "day morning evening week sunday winter", "every"},
    {"future", "tomorrow soon", "week month friday spring year", "next"},
};

constexpr SentenceLists all_lists = {
    .women = "mary anna ruth emma clara alice julia martha helen nora laura rose ida eva olga ada edith vera",
    .men = "john tom peter paul henry george david simon martin oscar jack adam felix hugo leo karl victor ivan",
    .hes = "fisherman waiter policeman watchman actor king prince duke priest monk butler boy father brother uncle grandfather man",
    .shes = "waitress midwife actress queen princess duchess nun maid girl mother sister aunt grandmother woman widow",
    .adverbs = "carefully quickly slowly often quietly always proudly gladly gently secretly eagerly calmly patiently",
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
