# Sourced by ./demo and ./check: finds the packages that are missing and installs them through apt-get.
#
#   setup_packages LEVEL INSTALL     LEVEL: build or check (see scripts/packages)   INSTALL: yes or no
#
# Returns 1 when a needed package is missing in the end. On a system without dpkg it does nothing: meson names what it misses.

has_package() {
  case $1 in
    g++) command -v g++ >/dev/null ;;
    clang) compgen -c clang++ >/dev/null ;;  # clang++, or clang++-14 and the like
    libclang-rt) dpkg-query -W -f '${db:Status-Status}\n' 'libclang-rt-*-dev' 2>/dev/null | grep -qx installed ;;
    chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null ;;
    *) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ;;
  esac
}

# The package behind a name of scripts/packages: clang's libraries carry the version of the compiler that `clang` stands for.
real_name() {
  local version
  version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
  case $1 in
    libclang-rt) echo "libclang-rt-$version-dev" ;;
    *) echo "$1" ;;
  esac
}

can_install() { [ "$(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ {print $2}')" ] && ! apt-cache policy "$1" | grep -q 'Candidate: (none)'; }

run_apt() {
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "neither root nor sudo: run as root: apt-get $*" >&2; return 1; }
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)  # nobody is there to type a password
  fi
  local log status=0
  log=$(mktemp)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 || status=$?
  [ $status = 0 ] || cat "$log" >&2  # its report is long: shown when something went wrong
  rm -f "$log"
  return $status
}

# Installs packages; with lists too old to find a file, once more with new lists.
install_packages() {
  run_apt install -y --no-install-recommends "$@" || { run_apt update && run_apt install -y --no-install-recommends "$@"; }
}

setup_packages() {
  local level=$1 install=$2 when name what
  local needed=() optional=() large=() still=()
  command -v dpkg-query >/dev/null || return 0
  while read -r when name what; do
    [[ $when == \#* || -z $when ]] && continue
    has_package "$name" && continue
    case $when in
      build) needed+=("$name") ;;
      check) [ "$level" = check ] && needed+=("$name") ;;
      optional) [ "$level" = check ] && optional+=("$name") ;;
      large) [ "$level" = check ] && large+=("$name") ;;
    esac
  done < scripts/packages
  explain() { for name in "$@"; do sed -n "s/^[a-z]* *\($name  *.*\)/  \1/p" scripts/packages; done; }

  if [ "$install" = no ]; then
    [ ${#needed[@]} = 0 ] || { echo "missing packages:"; explain "${needed[@]}"; }
    [ ${#optional[@]} = 0 ] || { echo "missing optional packages:"; explain "${optional[@]}"; }
  elif [ ${#needed[@]} != 0 ] || [ ${#optional[@]} != 0 ]; then
    echo "missing packages, to be installed with apt-get:"
    explain "${needed[@]}" "${optional[@]}"
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || run_apt update
    [ ${#needed[@]} = 0 ] || install_packages "${needed[@]}"
    for name in "${optional[@]}"; do can_install "$(real_name "$name")" && still+=("$(real_name "$name")"); done
    [ ${#still[@]} = 0 ] || install_packages "${still[@]}" || echo "going on without: ${still[*]}"
  fi
  [ ${#large[@]} = 0 ] || { echo "optional, and too large to install unasked:"; explain "${large[@]}"; }

  still=()
  for name in "${needed[@]}"; do has_package "$name" || still+=("$name"); done
  [ ${#still[@]} = 0 ] && return 0
  echo "still missing: ${still[*]}    (sudo apt-get install ${still[*]})" >&2
  return 1
}

# For a folder that is built from nothing as a whole; see meson.build.
unity=(-Dunity=on -Dunity_size=24)

# configure FOLDER OPTION...: makes a build folder, or gives an existing one these options.
configure() {
  local folder=$1
  shift
  if [ -f "$folder/build.ninja" ]; then meson configure "$folder" "$@"; else meson setup "$folder" "$@"; fi
}
