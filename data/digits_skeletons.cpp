#include "data/digits_skeletons.h"

#include <array>

namespace elbo {
namespace {

using P = SkeletonPoint;

// 0: closed at the top; begun to the right with an overshoot; slender and left open
constexpr P zero_round[] = {{40, 0},    {-170, -20}, {-350, 250}, {-370, 600}, {-260, 940}, {0, 1050},
                            {250, 950}, {370, 620},  {350, 260},  {190, -10},  {20, 0}};
constexpr P zero_hook[] = {{170, 90},  {0, -50},   {-220, 20}, {-360, 330}, {-350, 720}, {-190, 1020},
                           {80, 1040}, {300, 850}, {360, 480}, {260, 120},  {60, -20},   {-60, 100}};
constexpr P zero_slender[] = {{0, 0},     {-170, 60}, {-260, 330}, {-260, 680}, {-140, 990}, {50, 1030},
                              {210, 930}, {270, 600}, {240, 240},  {130, 10},   {-20, 10}};

// 1: a bar; with a flag; with flag and foot
constexpr P one_bar[] = {{10, 0}, {0, 500}, {-10, 1000}};
constexpr P one_flag[] = {{-190, 230}, {-60, 140}, {30, 0}, {30, 0}, {20, 500}, {10, 1000}};
constexpr P one_foot[] = {{-210, 210}, {-80, 140}, {20, 0}, {20, 0}, {10, 500}, {10, 1000}};
constexpr P foot[] = {{-230, 1000}, {0, 990}, {240, 1000}};

// 2: a flat foot; a loop at the foot; a swan's neck
constexpr P two_flat[] = {{-300, 240}, {-240, -20},  {90, -60},    {340, 60}, {280, 420},
                          {-40, 720},  {-330, 1000}, {-330, 1000}, {0, 980},  {350, 1000}};
constexpr P two_loop[] = {{-280, 230},  {-190, -20}, {110, -60},  {320, 110}, {220, 480},  {-80, 860},
                          {-290, 1050}, {-380, 900}, {-240, 780}, {0, 900},   {160, 1040}, {380, 920}};
constexpr P two_swan[] = {{-240, 160}, {-60, -60},  {230, -10}, {290, 260},  {110, 560}, {-170, 820},
                          {-300, 980}, {-300, 980}, {-60, 930}, {130, 1030}, {330, 950}};

// 3: two round bellies; a flat top; a narrow waist with a loop
constexpr P three_round[] = {{-280, 150}, {-180, -40}, {110, -50}, {330, 90},   {270, 400},  {0, 470},   {-60, 470},
                             {-60, 470},  {260, 480},  {380, 720}, {270, 1010}, {-60, 1050}, {-310, 860}};
constexpr P three_flat[] = {{-280, 10}, {0, 10},    {290, 0},   {290, 0},   {120, 210}, {-60, 400},
                            {-60, 400}, {210, 390}, {360, 600}, {310, 960}, {20, 1060}, {-300, 890}};
constexpr P three_loop[] = {{-240, 110}, {-60, -60}, {240, -10}, {290, 250},  {130, 450},   {-90, 490}, {-130, 420},
                            {-30, 400},  {220, 500}, {340, 760}, {180, 1040}, {-110, 1040}, {-300, 900}};

// 4: open with two strokes; open and angular; closed; closed in one stroke
constexpr P four_left[] = {{-210, 0}, {-260, 280}, {-330, 560}, {-330, 560}, {0, 560}, {340, 530}};
constexpr P four_down[] = {{170, 60}, {160, 500}, {140, 1000}};
constexpr P four_cup[] = {{-280, 30}, {-320, 380}, {-230, 560}, {20, 580}, {240, 480}};
constexpr P four_tall[] = {{270, 0}, {240, 480}, {190, 1000}};
constexpr P four_roof[] = {{150, 0}, {-100, 330}, {-360, 650}, {-360, 650}, {0, 660}, {350, 640}};
constexpr P four_stem[] = {{150, 0}, {150, 500}, {140, 1000}};
constexpr P four_nine[] = {{340, 610}, {0, 630}, {-340, 600}, {-340, 600}, {-110, 300}, {130, 0}, {130, 0}, {120, 500}, {90, 1000}};

// 5: in one stroke; with a separate bar; round
constexpr P five_one[] = {{290, 10}, {20, 0},    {-200, 10}, {-200, 10},  {-230, 220},  {-260, 430}, {-260, 430},
                          {30, 310}, {330, 460}, {370, 800}, {170, 1040}, {-120, 1030}, {-320, 880}};
constexpr P five_body[] = {{-200, 40}, {-220, 230}, {-250, 440}, {-250, 440}, {-20, 340},
                           {290, 430}, {380, 730},  {210, 1010}, {-80, 1050}, {-320, 900}};
constexpr P five_bar[] = {{-200, 30}, {60, 20}, {330, -10}};
constexpr P five_round[] = {{250, -10}, {20, 30},   {-180, 40}, {-220, 200}, {-240, 400}, {-110, 400},
                            {210, 480}, {340, 730}, {210, 990}, {-60, 1040}, {-280, 930}};

// 6: a bow into a loop; a straight back; a large loop
constexpr P six_bow[] = {{210, 0},   {-100, 80}, {-330, 450}, {-340, 870}, {-100, 1050}, {180, 1030},
                         {330, 800}, {220, 540}, {-50, 500},  {-250, 660}, {-310, 800}};
constexpr P six_straight[] = {{110, -20}, {-120, 280}, {-300, 640}, {-260, 990}, {20, 1040},
                              {280, 960}, {290, 670},  {80, 580},   {-130, 640}, {-270, 790}};
constexpr P six_large[] = {{130, 10},  {-160, 130}, {-350, 480}, {-320, 930}, {-40, 1060}, {280, 980},
                           {390, 690}, {250, 420},  {-30, 390},  {-260, 560}, {-330, 740}};

// 7: without a bar; with one; with a hook; bent with a bar
constexpr P seven_plain[] = {{-320, 20}, {0, 20}, {310, 0}, {310, 0}, {120, 430}, {-80, 1000}};
constexpr P seven_bar[] = {{-190, 520}, {20, 510}, {240, 490}};
constexpr P seven_hook[] = {{-320, 170}, {-300, 20}, {-300, 20}, {0, 40}, {320, 10}, {320, 10}, {80, 440}, {20, 1000}};
constexpr P seven_bent[] = {{-300, 60}, {-130, 0}, {120, 60}, {330, 0}, {330, 0}, {60, 350}, {-30, 650}, {-70, 1000}};

// 8: an S closed upwards; two rings; begun in the middle
constexpr P eight_s[] = {{250, 110},  {110, -40},   {-180, -50}, {-310, 170}, {-200, 390}, {30, 490},  {300, 640}, {340, 900},
                         {120, 1050}, {-160, 1040}, {-350, 870}, {-260, 620}, {20, 470},   {230, 340}, {270, 110}, {190, 40}};
constexpr P eight_top[] = {{30, 0},   {-150, -20}, {-290, 120}, {-280, 330}, {-130, 470},
                           {60, 480}, {240, 400},  {290, 200},  {190, 20},   {30, 0}};
constexpr P eight_bottom[] = {{10, 470},  {-190, 490}, {-350, 650}, {-340, 870}, {-170, 1020}, {40, 1040},
                              {270, 960}, {360, 760},  {280, 570},  {110, 470},  {10, 470}};
constexpr P eight_middle[] = {{-30, 480},  {-250, 380},  {-280, 90}, {-60, -50}, {180, -20}, {290, 190}, {150, 420}, {-140, 580},
                              {-320, 780}, {-220, 1020}, {60, 1050}, {300, 930}, {280, 680}, {90, 530},  {-70, 470}};

// 9: a straight stem; a curled tail; a bow
constexpr P nine_stem[] = {{260, 170}, {150, -20}, {-110, -40}, {-310, 140}, {-260, 460}, {0, 530},
                           {200, 380}, {270, 90},  {270, 90},   {240, 500},  {210, 1000}};
constexpr P nine_tail[] = {{250, 150}, {120, -40}, {-160, -20}, {-310, 200}, {-210, 490},  {60, 510},  {240, 330},
                           {290, 120}, {300, 480}, {270, 860},  {90, 1050},  {-150, 1030}, {-270, 900}};
constexpr P nine_bow[] = {{200, 60},  {-60, -50}, {-300, 110}, {-280, 420}, {-40, 540}, {200, 430},
                          {280, 170}, {200, 10},  {310, 280},  {240, 660},  {20, 1000}};

using S = SkeletonStroke;
constexpr S zeros[] = {{zero_round}, {zero_hook}, {zero_slender}};
constexpr S ones[] = {{one_bar}, {one_flag}, {one_foot}, {foot}};
constexpr S twos[] = {{two_flat}, {two_loop}, {two_swan}};
constexpr S threes[] = {{three_round}, {three_flat}, {three_loop}};
constexpr S fours[] = {{four_left}, {four_down}, {four_cup}, {four_tall}, {four_roof}, {four_stem}, {four_nine}};
constexpr S fives[] = {{five_one}, {five_body}, {five_bar}, {five_round}};
constexpr S sixes[] = {{six_bow}, {six_straight}, {six_large}};
constexpr S sevens[] = {{seven_plain}, {seven_hook}, {seven_bent}, {seven_bar}, {seven_plain}, {seven_bar}};
constexpr S eights[] = {{eight_s}, {eight_top}, {eight_bottom}, {eight_middle}};
constexpr S nines[] = {{nine_stem}, {nine_tail}, {nine_bow}};

constexpr std::span<const S> some(std::span<const S> all, std::size_t first, std::size_t count = 1) { return all.subspan(first, count); }

constexpr Skeleton zero[] = {{some(zeros, 0), 40}, {some(zeros, 1), 35}, {some(zeros, 2), 25}};
constexpr Skeleton one[] = {{some(ones, 0), 60}, {some(ones, 1), 28}, {some(ones, 2, 2), 12}};
constexpr Skeleton two[] = {{some(twos, 0), 35}, {some(twos, 1), 35}, {some(twos, 2), 30}};
constexpr Skeleton three[] = {{some(threes, 0), 45}, {some(threes, 1), 20}, {some(threes, 2), 35}};
constexpr Skeleton four[] = {{some(fours, 0, 2), 30}, {some(fours, 2, 2), 30}, {some(fours, 4, 2), 22}, {some(fours, 6), 18}};
constexpr Skeleton five[] = {{some(fives, 0), 35}, {some(fives, 1, 2), 40}, {some(fives, 3), 25}};
constexpr Skeleton six[] = {{some(sixes, 0), 40}, {some(sixes, 1), 35}, {some(sixes, 2), 25}};
constexpr Skeleton seven[] = {{some(sevens, 0), 45}, {some(sevens, 1), 20}, {some(sevens, 2, 2), 15}, {some(sevens, 4, 2), 20}};
constexpr Skeleton eight[] = {{some(eights, 0), 45}, {some(eights, 1, 2), 20}, {some(eights, 3), 35}};
constexpr Skeleton nine[] = {{some(nines, 0), 40}, {some(nines, 1), 25}, {some(nines, 2), 35}};

}  // namespace

std::span<const Skeleton> digit_skeletons(int digit) {
  constexpr std::array<std::span<const Skeleton>, 10> digits = {zero, one, two, three, four, five, six, seven, eight, nine};
  return digits[std::size_t(digit)];
}

}  // namespace elbo
