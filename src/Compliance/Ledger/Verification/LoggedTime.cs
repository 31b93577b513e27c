namespace Compliance.Ledger.Verification;

/// <summary>The time a record was appended at, in the one form that the log's writer gives it: <c>2026-03-01T06:00:01.250Z</c>.</summary>
internal static class LoggedTime
{
    private const int Length = 24;

    /// <summary>Reads it.</summary>
    /// <returns>False when it is in another form, or there is no such time.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length != Length || text[4] != '-' || text[7] != '-' || text[10] != 'T')
            return false;
        if (text[13] != ':' || text[16] != ':' || text[19] != '.' || text[23] != 'Z')
            return false;
        var (year, month, day) = ((100 * Two(text, 0)) + Two(text, 2), Two(text, 5), Two(text, 8));
        var (hour, minute, second) = (Two(text, 11), Two(text, 14), Two(text, 17));
        var (hundredths, thousandth) = (Two(text, 20), Digit(text[22]));
        if ((year | month | day | hour | minute | second | hundredths | thousandth) < 0)
            return false;
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
            return false;
        if (hour > 23 || minute > 59 || second > 59)
            return false;
        time = new(year, month, day, hour, minute, second, (10 * hundredths) + thousandth, TimeSpan.Zero);
        return true;
    }

    // Far below 0 when either is no digit, so that what is made of it is below 0 too.
    private static int Two(ReadOnlySpan<byte> text, int at) => (10 * Digit(text[at])) + Digit(text[at + 1]);

    private static int Digit(byte character) => character is >= (byte)'0' and <= (byte)'9' ? character - '0' : -100_000;
}
