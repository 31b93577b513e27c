using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>Mail as files in a folder of this machine: one a message, for whoever runs the app locally.</summary>
/// <param name="folder">The folder; made when it is missing.</param>
/// <param name="time">Gives the time in a file's name.</param>
internal sealed class FileOutbox(string folder, TimeProvider time) : INotificationChannel
{
    /// <inheritdoc/>
    public ChannelKind Kind => ChannelKind.Mail;

    /// <inheritdoc/>
    public async Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken)
    {
        var text = $"To: {to.Address}\nSubject: {message.Subject}\n\n{PlainBody.Write(message)}";
        // The same message at the same instant is the same file, and no name is made of what others wrote.
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));
        var name = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{digest}.txt");
        try
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, name), text, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NotDeliveredException($"{Path.Combine(folder, name)} cannot be written: {e.Message}", isPermanent: false);
        }
    }
}
