namespace Compliance.Text;

/// <summary>
/// What came is not the JSON object that was expected. The message names the rule and the place, and repeats no value.
/// </summary>
internal sealed class JsonMessageException(string message, Exception? inner = null) : FormatException(message, inner)
{
    /// <summary>True when it is over the size limit.</summary>
    public bool TooLarge { get; init; }
}
