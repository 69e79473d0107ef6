# bash completion of lapwing-device
_lapwing_device() {
    local current=$2 previous=$3
    COMPREPLY=()
    case $previous in
        --version) mapfile -t COMPREPLY < <(compgen -W '1.0 1.1 1.2' -- "$current") ;;
        --log) mapfile -t COMPREPLY < <(compgen -W 'error warning info detail' -- "$current") ;;
        --config)
            mapfile -t COMPREPLY < <(compgen -W \
                'C.1 C.3 C.4 C.5 C.6 C.7 C.8 C.9 C.10 C.11 C.12 C.13 C.14 C.15 C.16' -- "$current")
            ;;
        --state-dir) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        --factory | --cert | --rpk | --key | --trust) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        -u | --uri) mapfile -t COMPREPLY < <(compgen -W 'coap://' -- "$current") && compopt -o nospace ;;
        -n | --name | -l | --lifetime | -i | --identity | -p | --psk) ;;
        *)
            mapfile -t COMPREPLY < <(compgen -W '-u --uri -b --bootstrap -n --name -l --lifetime --queue --version
                -i --identity -p --psk --cert --rpk --key --trust --cid --state-dir --factory --config --prompt
                --json --log -h --help -V' -- "$current")
            ;;
    esac
}
complete -o filenames -F _lapwing_device lapwing-device
