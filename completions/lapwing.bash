# bash completion of lapwing: the program itself knows what may follow, endpoint names and paths included
_lapwing() {
    local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD current
    # Names such as urn:dev:1 are one word here, whatever COMP_WORDBREAKS says.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n ':=' -w words -i cword
    fi
    current=${words[cword]}
    mapfile -t COMPREPLY < <("${words[0]}" complete -- "${words[@]:1:cword}" 2>/dev/null)
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$current"
    fi
    # A path may go on.
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != /* ]] || compopt -o nospace
}
complete -o default -F _lapwing lapwing
