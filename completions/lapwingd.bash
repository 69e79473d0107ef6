# bash completion of lapwingd: its own --help lists the keys
_lapwingd() {
    local current=$2 previous=$3
    COMPREPLY=()
    case $previous in
        --log) mapfile -t COMPREPLY < <(compgen -W 'error warning info detail' -- "$current") ;;
        --store) mapfile -t COMPREPLY < <(compgen -W 'sqlite memory' -- "$current") ;;
        --data-dir) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        -c | --config | --export | --import | --backup) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        *)
            mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null | grep -o -- '--[a-z-]*')" -- "$current")
            ;;
    esac
}
complete -o filenames -F _lapwingd lapwingd
