using '../../../infra/main.bicep'

// Everything that can be chosen.
var groups = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups'

param environmentName = 'demo'
param location = 'westeurope'
param mode = 'enforce'
param endsEligibilities = true
param subscriptionIds = ['11111111-1111-1111-1111-111111111111', '33333333-3333-3333-3333-333333333333']
param entraClientId = '44444444-4444-4444-4444-444444444444'
param allowedClientApplications = ['55555555-5555-5555-5555-555555555555']
param deployerPrincipalId = '77777777-7777-7777-7777-777777777777'
param allowedIpRanges = ['192.0.2.0/24']
param evidenceResourceGroup = 'rg-demo-evidence'
param evidenceAccountName = 'stevidence'
param evidenceVaultName = 'kv-evidence'
param evidenceKeyName = 'ledger-checkpoints'
param evidenceSigningKey = 'https://kv-evidence.example/keys/ledger-checkpoints/0123456789abcdef0123456789abcdef'
param evidenceTrustedKeys = 'ledger.example+aaaaaaaa+key'
param evidenceCopies = '[{"container":"https://copies.example/checkpoints"}]'
param hrWebhookVaultId = '${groups}/rg-hr/providers/Microsoft.KeyVault/vaults/kv-hr'
param notificationsMailbox = 'compliance@example.org'
param notificationRooms = ['teams', 'slack']
param notificationsVaultId = '${groups}/rg-ops/providers/Microsoft.KeyVault/vaults/kv-ops'
param hrSenderPrincipalIds = ['66666666-6666-6666-6666-666666666666']
param hrAllowedIpRanges = ['198.51.100.0/24']
param watchedVaults = [
  { id: '${groups}/rg-a/providers/Microsoft.KeyVault/vaults/kv-a' }
  {
    id: '${groups}/rg-b/providers/Microsoft.KeyVault/vaults/kv-b'
    topicId: '${groups}/rg-b/providers/Microsoft.EventGrid/systemTopics/kv-b-events'
  }
]
param enableVnet = true
param alertEmails = ['compliance@example.org']
param monthlyBudget = 150
param budgetStartDate = '2026-12-01'
